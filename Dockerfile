# syntax=docker/dockerfile:1
#
# The image holds one static program and the roots of the web's CAs. It listens
# on every address of the container, so it needs credentials:
#
#   docker run -p 127.0.0.1:8080:8080 -e SIDENOTE_PROXY_AUTH=USER:PASSWORD sidenote
#
# The local CA is made in /data on first use; keep that in a volume, and take
# the certificate out with:  docker run --rm -v sidenote:/data sidenote ca export
#
# The final stage has no base image. That of the build is a tag, because a tag
# still gets its security fixes; give its digest to build the same image again:
#
#   docker build --build-arg GO_IMAGE=docker.io/library/golang:TAG@sha256:DIGEST .
#
# "make image" fills in the labels from the commit.
ARG GO_IMAGE=docker.io/library/golang:1.26.11
FROM ${GO_IMAGE} AS build
WORKDIR /src
COPY go.mod go.sum ./
RUN go mod download
COPY . .
RUN CGO_ENABLED=0 go build -trimpath -ldflags='-s -w' -o /out/sidenote ./cmd/sidenote
RUN mkdir -m 0700 /out/data

FROM scratch
ARG VERSION=devel
ARG REVISION=unknown
ARG CREATED=
LABEL org.opencontainers.image.title="sidenote" \
      org.opencontainers.image.description="An HTTP debugging proxy that explains every response" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}" \
      org.opencontainers.image.created="${CREATED}"
COPY --from=build /etc/ssl/certs/ca-certificates.crt /etc/ssl/certs/ca-certificates.crt
COPY --from=build /out/sidenote /sidenote
COPY --from=build --chown=65532:65532 /out/data /data
USER 65532:65532
ENV SIDENOTE_LISTEN=0.0.0.0:8080 \
    SIDENOTE_ADMIN=0.0.0.0:8081 \
    SIDENOTE_CA_DIR=/data/ca
VOLUME /data
EXPOSE 8080 8081
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=4s --start-period=5s CMD ["/sidenote", "healthcheck"]
ENTRYPOINT ["/sidenote"]
CMD ["serve"]
