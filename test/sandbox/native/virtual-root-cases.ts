// Scripts about names, which give the same in a virtual root as in any other.

/** The lines that a step prints; it ends with exit code 0. */
export const VIRTUAL_ROOT_CASES: readonly (readonly [title: string, script: string, said: readonly string[]])[] = [
  [
    'the root is a root',
    'cd /; cd ..; pwd; ls -d /../../etc; stat -c %i / /.. | sort -u | wc -l',
    ['/', '/../../etc', '1'],
  ],
  [
    'absolute links and links that lead up stay inside',
    'ln -s /etc/passwd /tmp/a; ln -s ../../../../etc/passwd /tmp/b; ln -s /tmp/b /tmp/c; wc -l </tmp/a; wc -l </tmp/b; wc -l </tmp/c; readlink /tmp/b',
    ['2', '2', '2', '../../../../etc/passwd'],
  ],
  [
    'links that go round end',
    'ln -s b /tmp/a; ln -s a /tmp/b; cat /tmp/a 2>&1 | sed "s/.*: //"',
    ['Too many levels of symbolic links'],
  ],
  [
    'a directory is what it is called, after it was moved too',
    'mkdir -p /tmp/a/b; cd /tmp/a/b; mv /tmp/a /tmp/c; /bin/busybox pwd; touch f; ls /tmp/c/b; ln -s c /tmp/a; cd /tmp/a/b; readlink /proc/self/cwd',
    ['/tmp/c/b', 'f', '/tmp/c/b'],
  ],
  [
    'a name that was a directory may become a link',
    'mkdir /tmp/d; touch /tmp/d/x; ls /tmp/d; rm -r /tmp/d; ln -s /etc /tmp/d; ls /tmp/d/passwd',
    ['x', '/tmp/d/passwd'],
  ],
  [
    'scripts are executed, by scripts too',
    'cd /tmp; printf "#!/bin/sh -e\\necho \\$0 \\$@\\n" >s; printf "#!/tmp/s arg ument\\n" >t; printf "echo plain\\n" >u; chmod +x s t u; ./s 1 2; /tmp/t 3; ./u',
    ['./s 1 2', '/tmp/s arg ument /tmp/t 3', 'plain'],
  ],
  [
    'programs that are none say so',
    'cd /tmp; : >e; printf "#!/no/such\\n" >n; printf "\\177ELFnonsense" >x; chmod +x e n x; ./e; echo $?; ./n 2>/dev/null; echo $?; chmod -x e; ./e 2>/dev/null; echo $?',
    ['0', '127', '126'],
  ],
  [
    'a process knows its program',
    'readlink /proc/self/exe; cat /proc/self/comm; sh -c "readlink /proc/$$/exe"',
    ['/bin/busybox', 'cat', '/bin/busybox'],
  ],
  [
    'chroot is a root within',
    'mkdir -p /tmp/r/bin; cp /bin/busybox /tmp/r/bin; chroot /tmp/r /bin/busybox ls /; chroot /tmp/r /bin/busybox pwd',
    ['bin', '/'],
  ],
  [
    'umask counts',
    'umask 027; touch /tmp/f; mkdir /tmp/d; (umask 0; touch /tmp/g); stat -c %a /tmp/f /tmp/d /tmp/g; umask',
    ['640', '750', '666', '0027'],
  ],
  [
    'modes refuse root nothing',
    'mkdir -m 555 /tmp/d; touch /tmp/d/f; chmod 0 /tmp/d/f; cat /tmp/d/f; echo x >/tmp/d/f; stat -c %a /tmp/d /tmp/d/f; cat /tmp/d/f; chmod 4711 /tmp/d/f; stat -c %a /tmp/d/f',
    ['555', '0', 'x', '4711'],
  ],
  [
    'a named pipe waits for its other end',
    'mkfifo /tmp/p 2>/dev/null || mknod /tmp/p p; (sleep 0.2; echo late >/tmp/p) & cat /tmp/p',
    ['late'],
  ],
  [
    'devices of memory work',
    'head -c 3 /dev/zero | wc -c; echo x >/dev/null; head -c 9 /dev/urandom | wc -c',
    ['3', '9'],
  ],
  [
    'links of descriptors are followed',
    'echo x >/tmp/f; exec 5</tmp/f; cat /proc/self/fd/5 /dev/fd/5; readlink /proc/self/fd/5',
    ['x', 'x', '/tmp/f'],
  ],
  [
    'an open file is open without its name',
    'echo x >/tmp/f; exec 5</tmp/f; rm /tmp/f; cat <&5; stat -L -c %h /proc/self/fd/5',
    ['x', '0'],
  ],
  [
    'many processes at once',
    'for i in $(seq 1 20); do (for j in 1 2 3 4 5; do echo $i.$j >/tmp/$i.$j; cat /tmp/$i.$j >/dev/null; done) & done; wait; ls /tmp | wc -l',
    ['100'],
  ],
]
