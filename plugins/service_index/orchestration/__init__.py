"""Wires the rooms together: the stages that the DAGs' tasks call, and Airflow in a terminal."""
