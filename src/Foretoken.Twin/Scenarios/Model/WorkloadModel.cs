using Foretoken.Twin.Scenarios.Documents;
using Foretoken.Workloads.Benchmarks;
using Foretoken.Workloads.Requests;
using Foretoken.Workloads.Synthetic;

namespace Foretoken.Twin.Scenarios.Model;

/// <summary>The traffic of a scenario, validated as far as that goes without reading a trace.</summary>
public abstract record WorkloadModel
{
    /// <summary>Requests issued first that the metrics leave out.</summary>
    public abstract int WarmUpRequests { get; }
}

/// <summary>Generated traffic.</summary>
public sealed record SyntheticWorkloadModel : WorkloadModel
{
    /// <summary>The spec as written, its preset not yet applied.</summary>
    public required SyntheticSpec Spec { get; init; }

    /// <inheritdoc />
    public override int WarmUpRequests => Spec.ClosedLoop?.WarmUpRequests ?? 0;
}

/// <summary>Several kinds of generated traffic at once.</summary>
public sealed record ClassesWorkloadModel : WorkloadModel
{
    /// <summary>The classes' names and specs as written, presets not yet applied.</summary>
    public required IReadOnlyList<(string Name, SyntheticSpec Spec)> Classes { get; init; }

    /// <inheritdoc />
    public override int WarmUpRequests => 0;
}

/// <summary>The traffic of a benchmark tool's client.</summary>
public sealed record BenchmarkWorkloadModel : WorkloadModel
{
    /// <summary>The tool's settings, without problems.</summary>
    public required BenchmarkOptions Options { get; init; }

    /// <inheritdoc />
    public override int WarmUpRequests => Options.ToPlan().WarmUpRequests;
}

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

    /// <summary>Key or column that names a row's workload class; null: the format's usual ones.</summary>
    public string? ClassFrom { get; init; }

    /// <summary>Times are divided by this.</summary>
    public required double Speedup { get; init; }

    /// <summary>Only the first rows, or null for all.</summary>
    public required long? Limit { get; init; }

    /// <summary>Read while simulating, in constant memory.</summary>
    public required bool Stream { get; init; }

    /// <summary>Closed loop instead of the trace's times; null for an open loop.</summary>
    public ClosedLoopOptions? ClosedLoop { get; init; }

    /// <inheritdoc />
    public override int WarmUpRequests => ClosedLoop?.WarmUpRequests ?? 0;
}
