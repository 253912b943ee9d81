// The system calls that every container may make: those of Docker's default profile without conditions, by subject.

/** The names of libseccomp, for all processors. A name that a kernel or a processor lacks does no harm. */
export const ALLOWED_CALLS: readonly string[] = namesIn(
  // Files and descriptors.
  'access chdir chmod chown chown32 close close_range copy_file_range creat dup dup2 dup3 faccessat faccessat2',
  'fadvise64 fadvise64_64 fallocate fchdir fchmod fchmodat fchmodat2 fchown fchown32 fchownat fcntl fcntl64',
  'fdatasync fgetxattr flistxattr flock fremovexattr fsetxattr fstat fstat64 fstatat64 fstatfs fstatfs64 fsync',
  'ftruncate ftruncate64 futimesat getcwd getdents getdents64 getxattr getxattrat ioctl lchown lchown32',
  'lgetxattr link linkat listmount listxattr listxattrat llistxattr _llseek lremovexattr lseek lsetxattr lstat',
  'lstat64 mkdir mkdirat mknod mknodat name_to_handle_at newfstatat open openat openat2 pipe pipe2 pread64',
  'preadv preadv2 pwrite64 pwritev pwritev2 read readahead readlink readlinkat readv removexattr removexattrat',
  'rename renameat renameat2 rmdir sendfile sendfile64 setxattr setxattrat splice stat stat64 statfs statfs64',
  'statmount statx symlink symlinkat sync sync_file_range syncfs tee truncate truncate64 unlink unlinkat utime',
  'utimensat utimensat_time64 utimes vmsplice write writev',
  // Clocks and timers.
  'adjtimex alarm clock_adjtime clock_adjtime64 clock_getres clock_getres_time64 clock_gettime clock_gettime64',
  'clock_nanosleep clock_nanosleep_time64 getitimer gettimeofday nanosleep setitimer time timer_create',
  'timer_delete timer_getoverrun timer_gettime timer_gettime64 timer_settime timer_settime64 timerfd_create',
  'timerfd_gettime timerfd_gettime64 timerfd_settime timerfd_settime64 times',
  // Sockets; `socket` itself has rules of its own.
  'accept accept4 bind connect getpeername getsockname getsockopt listen recv recvfrom recvmmsg recvmmsg_time64',
  'recvmsg send sendmmsg sendmsg sendto setsockopt shutdown socketcall socketpair',
  // User and group ids, capabilities.
  'capget capset getegid getegid32 geteuid geteuid32 getgid getgid32 getgroups getgroups32 getresgid',
  'getresgid32 getresuid getresuid32 getuid getuid32 setfsgid setfsgid32 setfsuid setfsuid32 setgid setgid32',
  'setgroups setgroups32 setregid setregid32 setresgid setresgid32 setresuid setresuid32 setreuid setreuid32',
  'setuid setuid32',
  // Signals.
  'kill pause pidfd_send_signal rt_sigaction rt_sigpending rt_sigprocmask rt_sigqueueinfo rt_sigreturn',
  'rt_sigsuspend rt_sigtimedwait rt_sigtimedwait_time64 rt_tgsigqueueinfo sigaltstack signalfd signalfd4',
  'sigprocmask sigreturn tgkill tkill',
  // Waiting for events.
  'epoll_create epoll_create1 epoll_ctl epoll_ctl_old epoll_pwait epoll_pwait2 epoll_wait epoll_wait_old',
  'eventfd eventfd2 fanotify_mark futex futex_requeue futex_time64 futex_wait futex_waitv futex_wake',
  'inotify_add_watch inotify_init inotify_init1 inotify_rm_watch io_cancel io_destroy io_getevents',
  'io_pgetevents io_pgetevents_time64 io_setup io_submit _newselect poll ppoll ppoll_time64 pselect6',
  'pselect6_time64 select',
  // Messages, semaphores and shared memory of System V and POSIX.
  'ipc mq_getsetattr mq_notify mq_open mq_timedreceive mq_timedreceive_time64 mq_timedsend mq_timedsend_time64',
  'mq_unlink msgctl msgget msgrcv msgsnd semctl semget semop semtimedop semtimedop_time64 shmat shmctl shmdt',
  'shmget',
  // Memory.
  'brk cachestat madvise map_shadow_stack membarrier memfd_create memfd_secret mincore mlock mlock2 mlockall',
  'mmap mmap2 mprotect mremap mseal msync munlock munlockall munmap pkey_alloc pkey_free pkey_mprotect',
  'process_mrelease remap_file_pages',
  // Processes, threads and their limits; `clone` has rules of its own.
  'execve execveat exit exit_group fork getcpu getpgid getpgrp getpid getppid getpriority getrandom getrlimit',
  'get_robust_list getrusage getsid get_thread_area gettid ioprio_get ioprio_set landlock_add_rule',
  'landlock_create_ruleset landlock_restrict_self pidfd_open prctl prlimit64 restart_syscall riscv_hwprobe rseq',
  'sched_getaffinity sched_getattr sched_getparam sched_get_priority_max sched_get_priority_min',
  'sched_getscheduler sched_rr_get_interval sched_rr_get_interval_time64 sched_setaffinity sched_setattr',
  'sched_setparam sched_setscheduler sched_yield seccomp setpgid setpriority setrlimit set_robust_list setsid',
  'set_thread_area set_tid_address sysinfo ugetrlimit umask uname uretprobe vfork wait4 waitid waitpid',
)

function namesIn(...lines: readonly string[]): readonly string[] {
  return lines.flatMap((line) => line.split(' '))
}
