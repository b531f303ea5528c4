"""Non-blocking files for asyncio."""
from ._ringfiles import backend_report as backend_report, version as version
