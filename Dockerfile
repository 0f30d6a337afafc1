# syntax=docker/dockerfile:1
# The service with everything in it. Configuration is mounted on /config, the database lives on /data.

FROM python:3.13-slim AS build
WORKDIR /build
COPY requirements.lock ./
RUN python -m venv /opt/storywatch \
 && /opt/storywatch/bin/pip install --no-cache-dir --disable-pip-version-check --no-deps --require-hashes -r requirements.lock
COPY pyproject.toml README.md LICENSE NOTICE ./
COPY src ./src
RUN /opt/storywatch/bin/pip install --no-cache-dir --disable-pip-version-check --no-deps --no-build-isolation .

FROM python:3.13-slim
RUN groupadd --gid 10001 storywatch \
 && useradd --uid 10001 --gid 10001 --no-create-home --home-dir /data --shell /usr/sbin/nologin storywatch \
 && install --directory --owner=10001 --group=10001 --mode=0750 /data
COPY --from=build /opt/storywatch /opt/storywatch
ENV PATH=/opt/storywatch/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    STORYWATCH_CONFIG=/config
# The relative path data/storywatch.db of the shipped configuration is /data/storywatch.db from here.
WORKDIR /
USER 10001:10001
VOLUME /data
EXPOSE 8480
STOPSIGNAL SIGTERM
# No curl in the image. urlopen raises for any other answer than 200.
HEALTHCHECK --interval=30s --timeout=5s --start-period=60s --retries=3 \
  CMD ["python", "-c", "from urllib.request import urlopen; urlopen('http://127.0.0.1:8480/healthz', timeout=4)"]
ENTRYPOINT ["storywatch"]
CMD ["run"]
