FROM python:3.11-slim-bookworm

RUN apt-get update \
    && apt-get install -y --no-install-recommends chromium-headless-shell \
    && rm -rf /var/lib/apt/lists/* \
    && useradd --system --uid 10001 --create-home scrpy \
    && install --directory --owner scrpy --group scrpy --mode 700 /var/lib/scrpy

WORKDIR /srv/scrpy
COPY requirements.txt .
RUN pip install --no-cache-dir --require-hashes -r requirements.txt
COPY . .
RUN python -m compileall -q .

ENV PYTHONUNBUFFERED=1 SCRPY_ENV=production SCRPY_HOME=/var/lib/scrpy SCRPY_HOST=0.0.0.0
USER scrpy
EXPOSE 8000
CMD ["python", "-m", "uvicorn", "scrpy.asgi:application", "--no-access-log", "--no-server-header", "--no-proxy-headers", "--host", "0.0.0.0", "--port", "8000", "--loop", "uvloop", "--http", "httptools", "--ws", "none", "--lifespan", "off", "--timeout-graceful-shutdown", "20"]
