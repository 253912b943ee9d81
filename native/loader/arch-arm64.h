/* The loader on aarch64. */
static long call(long number, long a, long b, long c, long d, long e, long f)
{
	register long x8 __asm__("x8") = number;
	register long x0 __asm__("x0") = a;
	register long x1 __asm__("x1") = b;
	register long x2 __asm__("x2") = c;
	register long x3 __asm__("x3") = d;
	register long x4 __asm__("x4") = e;
	register long x5 __asm__("x5") = f;
	__asm__ volatile("svc #0" : "+r"(x0) : "r"(x8), "r"(x1), "r"(x2), "r"(x3), "r"(x4), "r"(x5) : "memory");
	return x0;
}

/* The address by instruction: as data it would need a relocation. */
#define ADDRESS(label, to) __asm__("adr %0, " #label : "=r"(to))

/* Words of a signal's ucontext_t: flags, link, stack (3), mask (16), one of alignment, the address of a fault, x0. */
enum { CONTEXT_ARGUMENT = 23, CONTEXT_RESULT = 23 };

__asm__(".text\nreturn_from_trap:\n mov x8, #139\n svc #0\n"); /* rt_sigreturn */
__asm__(".text\n.globl _start\n_start:\n mov x0, sp\n mov x29, #0\n mov x30, #0\n bl load\n brk #0\n");

/* Begins a program as the kernel does; x0 would be a function to call at its end. */
static _Noreturn void begin(const long *stack, unsigned long entry)
{
	register const long *x17 __asm__("x17") = stack;
	register unsigned long x16 __asm__("x16") = entry;
	__asm__ volatile("mov sp, %0\n mov x0, #0\n mov x29, #0\n mov x30, #0\n br %1" : : "r"(x17), "r"(x16) : "memory");
	__builtin_unreachable();
}
