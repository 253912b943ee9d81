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
