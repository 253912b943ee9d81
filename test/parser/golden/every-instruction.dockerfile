# syntax=docker/dockerfile:1.26
# check=skip=JSONArgsRecommended;error=true

# VERSION the version of the base
ARG VERSION=3.20 OTHER

# build compiles
FROM --platform=$BUILDPLATFORM alpine:${VERSION} AS Build
ARG NAME="a b" EMPTY=
ENV PATH=/app/bin:$PATH GREETING="hello world" QUOTED='single'
ENV legacy with several words
LABEL org.example.title=demo "quoted key"=value
RUN --mount=type=cache,id=c,dst=/cache,ro --mount="type=secret,id=s,env=S" --network=none --security=sandbox make all
RUN ["echo", "two words", "\u00e9"]
COPY --from=0 --chown=1:1 --chmod=u+x --link --parents --exclude=*.md --exclude=docs src/ lib/ /app/
COPY ["with space", "/app/"]
ADD --checksum=sha256:00 --keep-git-dir=true --unpack=false https://example.org/x.tar /x/
ONBUILD RUN echo triggered
FROM build
WORKDIR /app
USER nobody:nogroup
EXPOSE 8080/tcp 53/udp
VOLUME /data ["/x"]
VOLUME ["/data", "/more"]
SHELL ["/bin/bash", "-c"]
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=1m30s --timeout=500ms --start-period=5s --start-interval=1s --retries=3 CMD curl -f localhost
HEALTHCHECK NONE
MAINTAINER somebody <some@body>
ENTRYPOINT ["/app/run"]
CMD help me
