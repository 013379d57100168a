/* portable_math — log2 and 2^x from additions, multiplications and divisions alone. Libraries pick
 * other code on other CPUs and differ in the last bit; these do not, so training gives the same
 * integers everywhere (the build forbids contraction to fused operations). Relative error below
 * 1e-13. */
#ifndef GUIYI_COORDINATOR_PORTABLE_MATH_H
#define GUIYI_COORDINATOR_PORTABLE_MATH_H

/* x must be positive and normal. */
double portable_log2(double x);
/* 0 below -1000, and what 2^1000 is above. */
double portable_exp2(double x);

#endif
