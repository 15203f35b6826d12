"""From live marts to immutable releases, their files and their view in a terminal."""
