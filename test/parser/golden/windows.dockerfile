# escape=`
FROM mcr.microsoft.com/windows/nanoserver
RUN dir c:\ `
  && echo done

COPY a.txt c:\dir\
ENV P="c:\x" Q=a` b
