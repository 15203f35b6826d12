"""Superset's settings; its command reads them by SUPERSET_CONFIG_PATH.

`SERVICE_INDEX_SUPERSET_KEY` signs sessions and encrypts the warehouse's password,
`SERVICE_INDEX_SUPERSET_DATABASE` is the address of Superset's own database.
"""

import os

SECRET_KEY = os.environ["SERVICE_INDEX_SUPERSET_KEY"]
SQLALCHEMY_DATABASE_URI = os.environ["SERVICE_INDEX_SUPERSET_DATABASE"]

APP_NAME = "Chỉ số phục vụ"
# Numbers as Vietnam writes them: 1.234,56.
D3_FORMAT = {"decimal": ",", "thousands": ".", "grouping": [3]}

# Nothing is fetched from, or told to, another host: no telemetry, no fonts, no map tiles.
TALISMAN_CONFIG = {
    "content_security_policy": {
        "default-src": ["'self'"],
        "base-uri": ["'self'"],
        "object-src": "'none'",
        "img-src": ["'self'", "blob:", "data:"],
        "worker-src": ["'self'", "blob:"],
        "style-src": ["'self'", "'unsafe-inline'"],
        "script-src": ["'self'", "'strict-dynamic'"],
    },
    "content_security_policy_nonce_in": ["script-src"],
    "force_https": False,
    "session_cookie_secure": False,
}
# Names of units are text from outside, never markup or a template; tables of the dashboards have
# `allow_render_html: false` for the same.
FEATURE_FLAGS = {"ESCAPE_MARKDOWN_HTML": True, "ENABLE_TEMPLATE_PROCESSING": False}

# Attempts to sign in are counted, by each of the two processes for itself.
RATELIMIT_ENABLED = True
RATELIMIT_STORAGE_URI = "memory://"
