"""The public web site: the pages of each release, and the home page over all of them."""

from service_index.publishing.site.home import write_home
from service_index.publishing.site.pages import write

__all__ = ["write", "write_home"]
