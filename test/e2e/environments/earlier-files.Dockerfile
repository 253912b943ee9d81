# A stage for each way in which a step may change a file of an earlier layer: the disk, the table of owners and the layers
# below must not disagree.

FROM base AS hard-links
RUN mkdir /s && for n in append link chmod touch truncate rename; do echo $n > /s/$n && ln /s/$n /s/$n-2 && chown 9:8 /s/$n; done \
  && echo 1 > /s/one && chown 7:7 /s/one && echo 1 > /s/root && ln /s/root /s/root-2
RUN cd /s && echo more >> append && ln link-2 link-3 && chmod 600 chmod && touch -d '2020-01-01 00:00' touch-2 && : > truncate \
  && mv rename renamed && ln one two && chown 4:4 root \
  && test "$(stat -c %u:%g append append-2 link link-3 chmod touch-2 truncate renamed rename-2 one two root root-2 | tr '\n' ' ')" \
    = '9:8 9:8 9:8 9:8 9:8 9:8 9:8 9:8 9:8 7:7 7:7 4:4 0:0 '
RUN cd /s && echo 1 >> two && rm one append-2 && touch one && test "$(stat -c %u:%g one two append | tr '\n' ' ')" = '0:0 7:7 9:8 '

FROM base AS hard-link-devices
RUN mknod /null c 1 3 && ln /null /zero && chown 9:9 /null
RUN chmod 600 /zero && test "$(stat -c '%F %u' /zero)" = 'character special file 9'

FROM base AS earlier-owners
COPY files /srv/
RUN mkdir -p /srv/d/e && ln -s ../a /srv/d/l && chown -R app:app /srv
RUN chown 33 /srv/a && chgrp -h 44 /srv/d/l && chown -R 0:0 /srv/d/e && test "$(stat -c %u:%g /srv/a /srv/b | tr '\n' ' ')" = '33:1001 1000:1001 '

FROM base AS earlier-modes
RUN echo k > /key && chmod 400 /key && mkdir -m 500 /closed && touch /none && chmod 0 /none && mkdir -m 0 /nothing && mkdir -m 111 /only
RUN chmod 440 /key && chmod 555 /closed && chmod 70 /none && test "$(stat -c %a /key /closed /none /nothing /only | tr '\n' ' ')" = '440 555 70 0 111 '

FROM base AS replaced-files
RUN touch /f /g && chown 7:7 /f && chown 8:8 /g && mkdir /d && chown 9:9 /d
RUN rm /f && touch /f && cp /f /h && mv /h /g && rmdir /d && mkdir /d && test "$(stat -c %u /f /g /d | tr '\n' ' ')" = '0 0 0 '

FROM glibc AS glibc-earlier-files
COPY files /srv/
RUN chown -R 1000:1000 /srv && echo k > /key && chmod 0400 /key && ln /srv/a /srv/c
RUN echo more >> /srv/c && chmod 0440 /key && chown 5:5 /srv/b

FROM base AS earlier-users
COPY --chown=app:video files /home/app/
USER app
RUN cd /home/app && echo more >> a && touch new && mkdir -m 700 d && ln b c && chmod 600 b && mv a d/a
RUN cd /home/app && echo more >> d/a && rm c && test "$(stat -c %U:%G d d/a b new | tr '\n' ' ')" = 'app:app app:video app:video app:app '

# The modes that a directory or file would need for its owner are set by the second step.
FROM base AS earlier-looser-modes
RUN for mode in 0 111 4511 44 200; do echo 1 > /f$mode && chmod $mode /f$mode && mkdir -m $mode /d$mode; done && mkdir -m 555 /d && touch /d/f && chmod 7111 /d111
RUN chmod 400 /f0 && chmod 511 /f111 && chmod u+r /f44 && chmod u+r /f200 && chmod u+rwx /d /d0 /d111 /d44

FROM earlier-looser-modes AS stricter-modes
RUN chmod 0 /f0 && chmod 111 /f111 && chmod 44 /f44 && chmod 555 /d && chmod 0 /d0

# Not the directories that the steps left are below these, but layers that are unpacked.
FROM base AS copied-modes
COPY --from=stricter-modes / /
RUN test "$(stat -c %a /f0 /f111 /f44 /f200 /d /d0 /d44 | tr '\n' ' ')" = '0 111 44 600 555 0 744 '
RUN chmod 400 /f0 && chmod u+r /f111 && chmod u+rwx /d && rmdir /d0 && touch /d/new && echo 2 >> /f44

FROM base AS made-devices
RUN mkdir /m && cd /m && mknod c c 1 3 && mknod -m 640 b b 7 200 && ln c c2 && mkfifo -m 600 p && chown 9:8 c b p && mkdir /m/d && mknod d/e c 250 300

FROM base AS copied-devices
COPY --from=made-devices /m /m
RUN cd /m && test "$(stat -c %F:%u:%t:%T c b c2 p d/e | tr '\n' ' ')" = 'character special file:9:1:3 block special file:9:7:c8 character special file:9:1:3 fifo:9:0:0 character special file:0:fa:12c '
RUN cd /m && chmod 600 c2 && mv b d/b && chown 5 p && rm d/e && mknod d/e c 1 5 && ln d/b d/b2

FROM base AS changed-devices
COPY --from=copied-devices /m /dev2
RUN cd /dev2 && rm c && touch c && cp -a c2 c3 && mv d moved && chgrp 4 moved/b2 && test -b moved/b -a -c c3 -a -f c

FROM base AS made-links
RUN mkdir /s && echo 1 > /s/a && ln /s/a /s/b && chown 9:8 /s/a && ln -s a /s/l && chown -h 7:7 /s/l && ln /s/l /s/l2 && mkdir -m 2770 /s/g && chgrp 44 /s/g

FROM base AS copied-links
COPY --from=made-links /s /s
RUN cd /s && echo 2 >> b && chown -h 6 l && touch g/f && mkdir g/d && test "$(stat -c %u:%g a b l l2 g/f g/d | tr '\n' ' ')" = '9:8 9:8 6:7 7:7 0:44 0:44 '
RUN cd /s && ln a c && rm a && mv b d && : > c && touch g/d/f

FROM base AS many-ids
COPY --chown=100000:2000000000 files /srv/
RUN echo more >> /srv/a && mv /srv/b /srv/c && touch /f && chown 70000:70001 /f && test "$(stat -c %u:%g /srv/a /srv/c /f | tr '\n' ' ')" = '100000:2000000000 100000:2000000000 70000:70001 '
RUN echo more >> /f && cp -p /f /g

FROM base AS earlier-copies
COPY --chown=7:8 files /srv/
RUN cp -p /srv/a /srv/c && mv /srv/a /srv/d && ln /srv/b /srv/e && mv /srv /moved && test "$(stat -c %u:%g /moved/* | tr '\n' ' ')" = '7:8 7:8 7:8 7:8 '
RUN cp -a /moved /srv && rm -r /moved && echo more >> /srv/e && touch /srv/new

FROM base AS linked-files
COPY --chown=app:video files /srv/
RUN cd /srv && ln a c && chown 5 a && ln b d && chown 6:7 d && touch r && test "$(stat -c %u:%g a b c d | tr '\n' ' ')" = '5:44 6:7 5:44 6:7 ' \
  && test "$(stat -c %i a b)" = "$(stat -c %i c d)"
RUN cd /srv && ln r s && chown 9 r && ln a e && rm a && chown 8 c && mv b f && ln /bin/busybox /bin/same && chown app /bin/busybox
