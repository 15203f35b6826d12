"""Marks that every personal value of the sample holds, so that a search finds where one has gone.

A canary ("chim hoàng yến") in a mine: where a mark is found outside the landing and the
quarantine, personal data would be there too.
"""

# In names and free text; in what is ASCII only: mail addresses and names of files.
NAME_MARK = "Hoàng-Yến"
FILE_MARK = "hoang-yen"
# Identity numbers are this and six digits, telephone numbers this and four.
NUMBER_MARK = "000770"
