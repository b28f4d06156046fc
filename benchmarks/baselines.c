/* What the emitted C is measured against: loops that do nothing but read and write the same arrays, and loops that do
 * nothing but call one function of vector math. Compiled by symreg's own native build, with the same flags. */
#include <math.h>
#include <stddef.h>

#ifdef SYMREG_VECTOR_MATH
#pragma omp declare simd notinbranch
double exp(double);
#pragma omp declare simd notinbranch
double log(double);
#pragma omp declare simd notinbranch
double tanh(double);
#endif

void touch_w(size_t n, double *restrict w, const double *restrict g)
{
    for (size_t j = 0; j < n; ++j) w[j] += g[j];
}

void touch_w_m(size_t n, double *restrict w, const double *restrict g, double *restrict m)
{
    for (size_t j = 0; j < n; ++j) {
        w[j] += g[j];
        m[j] += g[j];
    }
}

void touch_w_m_v(size_t n, double *restrict w, const double *restrict g, double *restrict m, double *restrict v)
{
    for (size_t j = 0; j < n; ++j) {
        w[j] += g[j];
        m[j] += g[j];
        v[j] += g[j];
    }
}

/* Halves, so that no compiler puts memcpy in its place. */
void touch_out(size_t n, const double *restrict w, double *restrict out)
{
    for (size_t j = 0; j < n; ++j) out[j] = 0.5 * w[j];
}

void call_exp(size_t n, const double *restrict w, double *restrict out)
{
    for (size_t j = 0; j < n; ++j) out[j] = exp(w[j]);
}

void call_log(size_t n, const double *restrict w, double *restrict out)
{
    for (size_t j = 0; j < n; ++j) out[j] = log(w[j]);
}

void call_tanh(size_t n, const double *restrict w, double *restrict out)
{
    for (size_t j = 0; j < n; ++j) out[j] = tanh(w[j]);
}

/* Reads of four parts side by side: one after another they come from memory half as fast. */
double read_f64(size_t n, const double *x)
{
    const size_t part = n / 4;
    double sum = 0.0;
#pragma omp simd reduction(+ : sum)
    for (size_t j = 0; j < part; ++j) sum += (x[j] + x[part + j]) + (x[2 * part + j] + x[3 * part + j]);
    return sum;
}

double read_f32(size_t n, const float *x)
{
    const size_t part = n / 4;
    float sum = 0.0f;
#pragma omp simd reduction(+ : sum)
    for (size_t j = 0; j < part; ++j) sum += (x[j] + x[part + j]) + (x[2 * part + j] + x[3 * part + j]);
    return (double)sum;
}
