using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text;
using Foretoken.Cli.Scenarios;
using Foretoken.Engines.Replicas;
using Foretoken.Fleet.Routing;
using Foretoken.Hardware.StepTime;
using Foretoken.Metrics;
using Foretoken.Tuning.Evaluation;
using Foretoken.Tuning.Studies;
using Foretoken.Twin;
using Foretoken.Twin.Scenarios.Model;

namespace Foretoken.Cli.Tuning;

/// <summary>What the runs of a study depend on: only studies with equal hashes share them.</summary>
internal static class StudyHash
{
    /// <summary>Hash over the study's text, its traffic, its seed, files that it names and the program's models.</summary>
    public static string Of(string text, Study study, Traffic traffic, ScenarioFile sample, IEnumerable<string> catalogues)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        hash.AppendData(Encoding.UTF8.GetBytes(text));
        hash.AppendData(BitConverter.GetBytes(study.Seed));
        if (traffic.Recorded(0) is { } trace)
        {
            hash.AppendData(MemoryMarshal.AsBytes(trace.Arrivals.AsSpan()));
            hash.AppendData(MemoryMarshal.AsBytes(trace.InputTokens.AsSpan()));
            hash.AppendData(MemoryMarshal.AsBytes(trace.OutputTokens.AsSpan()));
            hash.AppendData(MemoryMarshal.AsBytes(trace.Classes.AsSpan()));
            foreach (var name in trace.ClassNames)
            {
                hash.AppendData(Encoding.UTF8.GetBytes(name + "\n"));
            }

            foreach (var content in trace.Contents ?? [])
            {
                hash.AppendData(MemoryMarshal.AsBytes(content.HashIds.Span));
            }
        }

        // Measurements that the scenario names.
        foreach (var path in sample.Model.Pools.Select(p => MeasuredIn(sample, p.StepTime)).OfType<string>().Distinct())
        {
            using var stream = File.OpenRead(path);
            hash.AppendData(SHA256.HashData(stream));
        }

        // What its own catalogue says of GPUs, models and prices.
        foreach (var path in catalogues)
        {
            using var stream = File.OpenRead(path);
            hash.AppendData(SHA256.HashData(stream));
        }

        // Another build of the models gives other results: an id that the compiler makes of their sources.
        foreach (var type in new[] { typeof(IStepTimeSource), typeof(IReplica), typeof(IRoutingPolicy), typeof(TwinRun), typeof(MetricCatalogue), typeof(Study) })
        {
            hash.AppendData(type.Module.ModuleVersionId.ToByteArray());
        }

        return Convert.ToHexStringLower(hash.GetHashAndReset().AsSpan(0, 16));
    }

    private static string? MeasuredIn(ScenarioFile sample, StepTimeModel model) => model switch
    {
        CoefficientsStepTimeModel { File: { } file } => sample.Locate(file.Path, file.PathOrigin),
        TableStepTimeModel table => sample.Locate(table.Path, table.PathOrigin),
        _ => null,
    } is { } path && File.Exists(path) ? path : null;
}
