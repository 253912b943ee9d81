FROM alpine
RUN <<EOF
echo $HOME
# not a comment
EOF
RUN <<-"END" cat
	literal $HOME
	END
COPY <<one.txt <<'two.txt' plain /dest/
first ${A}
one.txt
second ${A}
two.txt
ONBUILD COPY <<-EOF /file
	indented
	EOF
RUN cat 3<<X | sort && echo "<<Y" '<<Z' <<<W
x
X
RUN ["echo", "<<EOF"]
COPY ["<<EOF", "/empty"]
CMD end
