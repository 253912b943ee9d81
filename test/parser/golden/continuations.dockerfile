FROM alpine
RUN echo one \
  # a comment in between
  && echo two \

  && echo three \   
  && echo "a \\ b"
ENV A=1 \
    B="two \
words" C\
D=split
COPY a \
     b \
     /dest/
RUN ends with an escape \\
EXPOSE 80 \
