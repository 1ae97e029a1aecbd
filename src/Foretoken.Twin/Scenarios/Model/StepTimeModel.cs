using Foretoken.Hardware.Coefficients;
using Foretoken.Quantities;
using Foretoken.Twin.Scenarios.Documents;

namespace Foretoken.Twin.Scenarios.Model;

/// <summary>Where step times come from, validated as far as that goes without reading a table.</summary>
public abstract record StepTimeModel;

/// <summary>DynoSim's polynomials.</summary>
public sealed record PolynomialStepTimeModel : StepTimeModel;

/// <summary>Operators of model and GPU.</summary>
/// <param name="Deployment">What they depend on.</param>
/// <param name="File">Measurements that go before the fitted coefficients; null for none.</param>
public sealed record CoefficientsStepTimeModel(Deployment Deployment, MeasurementFile? File = null) : StepTimeModel;

/// <summary>A file of measurements that a scenario names.</summary>
/// <param name="OfOperators">Whether it holds operators; else whole steps.</param>
/// <param name="Path">The file as it was written.</param>
/// <param name="PathOrigin">Where the path was written: a path in a file is relative to that file.</param>
public sealed record MeasurementFile(bool OfOperators, string Path, Origin PathOrigin);

/// <summary>Constant times.</summary>
/// <param name="Prefill">Step with prompt tokens.</param>
/// <param name="Decode">Step without.</param>
public sealed record FixedStepTimeModel(SimDuration Prefill, SimDuration Decode) : StepTimeModel;

/// <summary>Straight lines; every coefficient in milliseconds.</summary>
public sealed record LinearStepTimeModel(
    double PrefillBase, double PrefillPerToken, double PrefillPerArea, double DecodeBase, double DecodePerRequest, double DecodePerContextToken) : StepTimeModel;

/// <summary>Measured points.</summary>
/// <param name="Path">The file as it was written.</param>
/// <param name="PathOrigin">Where the path was written: a path in a file is relative to that file.</param>
public sealed record TableStepTimeModel(string Path, Origin PathOrigin) : StepTimeModel;
