"""A sample source: an invented province behind the real source contract.

Everything that leaves this package is generated and says so (`DỮ LIỆU MẪU`).
"""

SAMPLE_NOTICE = "DỮ LIỆU MẪU"
