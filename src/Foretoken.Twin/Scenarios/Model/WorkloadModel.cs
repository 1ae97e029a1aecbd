using Foretoken.Quantities;
using Foretoken.Twin.Scenarios.Documents;

namespace Foretoken.Twin.Scenarios.Model;

/// <summary>The traffic of a scenario, validated as far as that goes without reading a trace.</summary>
public abstract record WorkloadModel
{
    /// <summary>Closed loop instead of arrival times; null for an open loop.</summary>
    public ClosedLoopModel? ClosedLoop { get; init; }
}

/// <summary>A fixed number of requests or sessions in flight.</summary>
/// <param name="Concurrency">How many.</param>
/// <param name="Ramp">Time over which they start.</param>
/// <param name="WarmUpRequests">Requests issued first that the metrics leave out.</param>
public sealed record ClosedLoopModel(int Concurrency, SimDuration Ramp, int WarmUpRequests);

/// <summary>A recorded trace.</summary>
public sealed record TraceWorkloadModel : WorkloadModel
{
    /// <summary>The file as it was written.</summary>
    public required string Path { get; init; }

    /// <summary>Where the path was written: a path in a file is relative to that file.</summary>
    public required Origin PathOrigin { get; init; }

    /// <summary>Format name, or <c>auto</c>.</summary>
    public required string Format { get; init; }

    /// <summary>Bad rows that are tolerated.</summary>
    public required int SkipBadLines { get; init; }

    /// <summary>Tokens per hash id where the format does not say it.</summary>
    public required int HashBlockTokens { get; init; }

    /// <summary>Times are divided by this.</summary>
    public required double Speedup { get; init; }

    /// <summary>Only the first rows, or null for all.</summary>
    public required long? Limit { get; init; }
}
