/* The loader on x86_64. */
static long call(long number, long a, long b, long c, long d, long e, long f)
{
	long result;
	register long r10 __asm__("r10") = d;
	register long r8 __asm__("r8") = e;
	register long r9 __asm__("r9") = f;
	__asm__ volatile("syscall" : "=a"(result) : "0"(number), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8), "r"(r9) : "rcx", "r11", "memory");
	return result;
}

/* The address by instruction: as data it would need a relocation. */
#define ADDRESS(label, to) __asm__("lea " #label "(%%rip), %0" : "=r"(to))

/* Words of a signal's ucontext_t: its registers begin at the fifth. */
enum { CONTEXT_ARGUMENT = 5 + 8 /* rdi */, CONTEXT_RESULT = 5 + 13 /* rax */ };

__asm__(".text\nreturn_from_trap:\n mov $15, %eax\n syscall\n"); /* rt_sigreturn */
__asm__(".text\n.globl _start\n_start:\n mov %rsp, %rdi\n and $-16, %rsp\n xor %ebp, %ebp\n call load\n hlt\n");

/* Begins a program as the kernel does; rdx would be a function to call at its end. */
static _Noreturn void begin(const long *stack, unsigned long entry)
{
	__asm__ volatile("mov %0, %%rsp\n xor %%edx, %%edx\n xor %%ebp, %%ebp\n jmp *%1" : : "r"(stack), "r"(entry) : "memory", "rdx");
	__builtin_unreachable();
}
