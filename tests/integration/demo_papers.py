"""What the province's office printed, and the sample shows again."""

from tests.form_paper import PRINTED

# The monthly letter of March 2025, as it was printed. It quotes no rank of satisfaction and
# digitisation, and no rate of transparency.
LETTER = {
    "total": ("73,04", 100),
    "rank": ("28", 63),
    "transparency": ("9,3", 18),
    "transparency_average": ("9,9", 18),
    "transparency_rank": ("26", 63),
    "timeliness": ("19,3", 20),
    "timeliness_average": ("17,6", 20),
    "timeliness_rate": ("96,57%", None),
    "timeliness_rank": ("06", 63),
    "online_service": ("7,5", 12),
    "online_service_average": ("6,2", 12),
    "online_service_rate": ("69,9%", None),
    "online_service_rank": ("21", 63),
    "online_payment": ("4,7", 10),
    "online_payment_average": ("5,2", 10),
    "online_payment_rate": ("31,08%", None),
    "online_payment_rank": ("52", 63),
    "satisfaction": ("17,8", 18),
    "satisfaction_average": ("17,5", 18),
    "satisfaction_rate": ("98,9%", None),
    "digitisation": ("14,6", 22),
    "digitisation_average": ("14,6", 22),
    "digitisation_13": ("82,92%", None),
    "digitisation_12": ("84,69%", None),
    "digitisation_14_dossiers": ("168", None),
    "digitisation_14": ("0,43%", None),
}

# Rows that the demo's form is not held against: two counts that the sample cannot meet
# (simulator/plan.py says why), and entries so small that finding them in a document shows little.
NOT_COMPARED = {"DVC.3.4.1", "DVC.3.4.2", "CD.2.2", "CD.2.3", "CD.2.4", "CD.3", "1.1"}
FORM = {row: printed for row, printed in PRINTED.items() if row not in NOT_COMPARED}
