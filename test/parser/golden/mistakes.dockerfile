# escape=x
# escape=\
RUN before
FRMO alpine
FROM alpine AS 1st
FROM a b
COPY --form=build a b
COPY --link=maybe --from=a --from=b --chown a b
COPY only
ENV
ENV a=b c d=e
LABEL =x
RUN ["a", 1]
CMD --flag x
SHELL /bin/sh -c
HEALTHCHECK --interval=5x --retries=-1 CMD x
HEALTHCHECK CHECK x
ONBUILD ONBUILD RUN x
ONBUILD FROM x
ONBUILD COPY x
ONBUILD WHAT x
ONBUILD ENV x
VOLUME [""]
RUN --mount=type=bind,from=$X --network=some --device=a,b=c x
ARG =x ok
COPY a <<EOF
EOF
RUN <<-EOF
 	EOF
