using System.Globalization;
using Foretoken.Twin.Scenarios.Model;

namespace Foretoken.Tuning.Space;

/// <summary>What a deployment may take.</summary>
public sealed record Budget
{
    /// <summary>Most GPUs when the run begins; null: as many as wanted.</summary>
    public int? Gpus { get; init; }

    /// <summary>Most GPUs by type; a type that is not in it may not be used. Empty: any.</summary>
    public IReadOnlyDictionary<string, int> GpusByType { get; init; } = new Dictionary<string, int>();

    /// <summary>Most US dollars an hour; null: any.</summary>
    public double? CostPerHour { get; init; }

    /// <summary>Why a deployment is over it; null when it is inside.</summary>
    public string? Exceeded(ScenarioModel model, long gpus, double hourPrice)
    {
        if (gpus > Gpus)
        {
            return string.Create(CultureInfo.InvariantCulture, $"more than the budget of {Gpus} GPUs");
        }

        if (GpusByType.Count > 0)
        {
            foreach (var type in model.Pools.GroupBy(p => p.Target?.Gpu.Name ?? ""))
            {
                var most = GpusByType.GetValueOrDefault(type.Key);
                if (type.Sum(p => (long)p.Replicas * p.GpusPerReplica) > most)
                {
                    return string.Create(CultureInfo.InvariantCulture, $"more than the budget of {most} {type.Key}");
                }
            }
        }

        return CostPerHour is { } limit && !(hourPrice <= limit)
            ? double.IsNaN(hourPrice) ? "no price is known" : string.Create(CultureInfo.InvariantCulture, $"more than the budget of ${limit} an hour")
            : null;
    }
}
