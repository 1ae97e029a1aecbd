namespace Foretoken.Hardware.StepTime;

/// <summary>Coefficients of one part of <see cref="LinearStepTime"/>, in milliseconds.</summary>
/// <param name="Constant">a: per step.</param>
/// <param name="First">b: per new token (prefill) or per request (decode).</param>
/// <param name="Second">c: per query-key pair (prefill) or per context token (decode).</param>
public readonly record struct LinearCoefficients(double Constant, double First, double Second);
