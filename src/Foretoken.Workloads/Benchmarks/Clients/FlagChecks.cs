using System.Globalization;
using Foretoken.Quantities;
using Foretoken.Workloads.Synthetic;

namespace Foretoken.Workloads.Benchmarks.Clients;

/// <summary>Collects what is wrong with a tool's flags.</summary>
internal sealed class FlagChecks(string place)
{
    public List<Problem> Problems { get; } = [];

    public void AtLeast(long? value, long min, string flag)
    {
        if (value < min)
        {
            Problems.Add(new($"{place}.{flag}", string.Create(CultureInfo.InvariantCulture, $"is {value}"), string.Create(CultureInfo.InvariantCulture, $"at least {min}")));
        }
    }

    public void Above(double? value, double min, string flag)
    {
        if (value is { } set && !(set > min))
        {
            Problems.Add(new($"{place}.{flag}", string.Create(CultureInfo.InvariantCulture, $"is {set}"), string.Create(CultureInfo.InvariantCulture, $"above {min}")));
        }
    }

    public void Between(double value, double min, double max, string flag)
    {
        if (!(value >= min && value <= max))
        {
            Problems.Add(new($"{place}.{flag}", string.Create(CultureInfo.InvariantCulture, $"is {value}"), string.Create(CultureInfo.InvariantCulture, $"from {min} to {max}")));
        }
    }

    public void That(bool good, string flag, string message, string fix)
    {
        if (!good)
        {
            Problems.Add(new(flag.Length == 0 ? place : $"{place}.{flag}", message, fix));
        }
    }

    public void Lengths(DistributionSpec spec, string flag) => Problems.AddRange(spec.Validate($"{place}.{flag}", ValueRange.Tokens));

    /// <summary>A count that has to fit the simulator's numbering of requests.</summary>
    public void Count(long value, string flag)
    {
        AtLeast(value, 1, flag);
        That(value <= int.MaxValue, flag, string.Create(CultureInfo.InvariantCulture, $"is {value}"), "at most 2147483647 requests");
    }
}
