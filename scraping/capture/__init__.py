"""What is made of a page as a whole, beside the fields that are read of it.

documents   its HTML, markdown, text, links and metadata, of what the reader said in one call with the fields
metadata    what its head says, by meaning
pictures    screenshots and PDF, taken of the same document afterwards
"""

from scraping.capture.documents import documents, html_type, wholes_for
from scraping.capture.kinds import Capture
from scraping.capture.pictures import picture, pictures

__all__ = ["Capture", "documents", "html_type", "picture", "pictures", "wholes_for"]
