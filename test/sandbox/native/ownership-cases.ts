// Scripts about owners, which give the same under every kind of root.

/** The lines that a step prints; it ends with exit code 0. */
export const OWNERSHIP_CASES: readonly (readonly [title: string, script: string, said: readonly string[]])[] = [
  ['root is root', 'id -u; id -g; stat -c %u:%g /bin /dev/null /etc/passwd', ['0', '0', '0:0', '0:0', '0:0']],
  ['chown is seen by stat', 'touch f; chown 33:34 f; stat -c %u:%g f; chown :7 f; stat -c %u:%g f', ['33:34', '33:7']],
  ['ids beyond 16 and 31 bits are kept', 'touch f; chown 70000:4000000000 f; stat -c %u:%g f', ['70000:4000000000']],
  [
    'a link has an owner of its own',
    'touch f; ln -s f l; chown -h 5:6 l; stat -c %u:%g l f; stat -L -c %u:%g l',
    ['5:6', '0:0', '0:0'],
  ],
  ['chown of a link changes what it leads to', 'touch f; ln -s f l; chown 5:6 l; stat -c %u:%g l f', ['0:0', '5:6']],
  [
    'names of one file have one owner',
    'touch f; ln f hard; chown 9:9 hard; stat -c %u:%g f; rm hard; stat -c %u:%g f',
    ['9:9', '9:9'],
  ],
  ['a name that comes again has no owner yet', 'touch r; chown 7:7 r; rm r; touch r; stat -c %u:%g r', ['0:0']],
  ['an emptied directory as well', 'mkdir d; chown 7:7 d; rmdir d; mkdir d; stat -c %u:%g d', ['0:0']],
  ['a file keeps its owner when it is renamed', 'touch a; chown 8:8 a; mv a b; stat -c %u:%g b', ['8:8']],
  [
    'a file renamed over another keeps its own owner',
    'touch a b; chown 8:8 a; chown 9:9 b; mv a b; touch c; stat -c %u:%g b c',
    ['8:8', '0:0'],
  ],
  [
    'mknod makes devices to look at',
    'mknod n c 1 3; mknod b b 7 300; stat -c "%F %t:%T %a" n b',
    ['character special file 1:3 644', 'block special file 7:12c 644'],
  ],
  [
    'a device keeps its owner and mode',
    'mknod -m 620 n c 4 1; chown 0:5 n; stat -c "%u:%g %a" n; ls -ln n | cut -c1-10',
    ['0:5 620', 'crw--w----'],
  ],
  ['a named pipe is a named pipe', 'mknod p p; chown 3:3 p; stat -c "%F %u" p', ['fifo 3']],
  ['root leaves set-id bits when it writes', 'touch f; chmod 6755 f; echo 1 > f; echo 2 >> f; stat -c %a f', ['6755']],
  [
    'a copy is written after it got its set-id bits',
    'cp /bin/busybox f; chmod 4755 f; cp -p f g; stat -c %a g',
    ['4755'],
  ],
  [
    'set-id bits that chmod or chown took away stay away',
    'touch f g; chmod 4755 f g; chmod 755 f; chown 5 g; echo 1 >> f; echo 1 >> g; stat -c %a f g',
    ['755', '755'],
  ],
  [
    'chown drops set-id bits of files',
    'touch f; chmod 6755 f; chown 1:1 f; stat -c %a f; mkdir d; chmod 2755 d; chown 1:1 d; stat -c %a d',
    ['755', '2755'],
  ],
  [
    'in a set-group directory files get its group',
    'mkdir g; chown 0:33 g; chmod 2775 g; touch g/f; mkdir g/d; ln -s x g/l; stat -c "%u:%g %a" g/f g/d g/l',
    ['0:33 644', '0:33 2755', '0:33 777'],
  ],
  [
    'another user is that user',
    "su app -c 'id; id -un'",
    ['uid=1000(app) gid=1000(app) groups=44(extra),1000(app)', 'app'],
  ],
  [
    "another user's files are its own",
    "su app -c 'cd /home/app; touch f; mkdir d; ln -s f l; umask 077; echo x >g; mkdir -m 711 e; mknod p p'; stat -c '%n %u:%g %a' /home/app/*",
    [
      '/home/app/d 1000:1000 755',
      '/home/app/e 1000:1000 711',
      '/home/app/f 1000:1000 644',
      '/home/app/g 1000:1000 600',
      '/home/app/l 1000:1000 777',
      '/home/app/p 1000:1000 600',
    ],
  ],
  [
    'a file that is there keeps its owner when another user writes to it',
    "touch f; chmod 666 f; su app -c 'echo x >>/f'; stat -c '%u %s' f",
    ['0 2'],
  ],
  [
    'files made through a link are their makers',
    "ln -s /tmp/there l; su app -c 'echo x >/l'; stat -c %u /tmp/there; readlink l",
    ['1000', '/tmp/there'],
  ],
  [
    'another user may not chown',
    "touch f; su app -c 'chown 1000 /f' 2>&1 | sed 's/.*: //'; su app -c 'touch /tmp/x; chown 0 /tmp/x' 2>&1 | sed 's/.*: //'; stat -c %u f /tmp/x",
    ['Operation not permitted', 'Operation not permitted', '0', '1000'],
  ],
  [
    'another user may give files to its groups',
    "su app -c 'touch /tmp/x; chown :44 /tmp/x && chown :33 /tmp/x || stat -c %g /tmp/x' 2>/dev/null",
    ['44'],
  ],
  [
    'another user may not make devices',
    "su app -c 'mknod /tmp/n c 1 3' 2>&1 | sed 's/.*: //'",
    ['Operation not permitted'],
  ],
  [
    'what a daemon makes later is its own',
    "su app -c '(sleep 0.2; touch /tmp/late) & '; sleep 0.5; stat -c %u /tmp/late",
    ['1000'],
  ],
  [
    'tar keeps owners and devices',
    'mkdir s o; touch s/f; chown 33:34 s/f; mknod s/n c 1 3; tar cf t.tar s; tar xf t.tar -C o; stat -c "%u:%g %F" o/s/f o/s/n',
    ['33:34 regular empty file', '0:0 character special file'],
  ],
  ['cp keeps owners', 'mkdir s; touch s/f; chown -R 12:13 s; cp -a s t; stat -c %u:%g t t/f', ['12:13', '12:13']],
  ['find knows owners', 'touch x y; chown 77 y; find / -xdev -user 77', ['/y']],
  ['standard output may be given away', 'chown 1000 /dev/stdout /proc/self/fd/2 && echo done', ['done']],
  [
    '/proc/self is the process that asks',
    'cd /proc/self; test -d task && stat -c %F /proc/self/fd/0 . && readlink /proc/self/exe',
    ['symbolic link', 'directory', '/bin/busybox'],
  ],
  [
    'a link into /proc/self leads to the process that asks',
    'ln -s /proc/self/mounts /etc/mtab; stat -L -c %F /etc/mtab; grep -c " / " /etc/mtab',
    ['regular empty file', '1'],
  ],
  [
    'names mean what they mean after chroot',
    'mkdir -p j/bin j/tmp; cp /bin/busybox j/bin; touch j/f; chown 21:21 j/f; chroot j /bin/busybox sh -c "busybox stat -c %u /f; busybox touch /g; busybox chown 22 /g; busybox ln -s /g /l; busybox stat -L -c %u /l"; stat -c %u j/g; touch g; stat -c %u g',
    ['21', '22', '22', '0'],
  ],
  ['an empty name is nothing', 'stat "" 2>&1 | grep -c "No such file"', ['1']],
  [
    'a directory that is gone is gone',
    'mkdir d; cd d; rmdir ../d; stat -c %u . ; touch x 2>&1 | sed "s/.*: //"',
    ['0', 'No such file or directory'],
  ],
  [
    'errors are the usual ones',
    'chown 1 nothing 2>&1 | sed "s/.*: //"; mkdir bin 2>&1 | sed "s/.*: //"; touch nothing/x 2>&1 | sed "s/.*: //"',
    ['No such file or directory', 'File exists', 'No such file or directory'],
  ],
  ['long names work', 'n=$(seq -s / 1 700); mkdir -p $n; touch $n/f; chown 3 $n/f; stat -c %u $n/f', ['3']],
]
