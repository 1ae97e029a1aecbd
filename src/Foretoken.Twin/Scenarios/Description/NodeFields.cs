using Foretoken.Fleet.Scaling.ColdStart;
using Foretoken.Quantities;
using Foretoken.Twin.Scenarios.Fields;

namespace Foretoken.Twin.Scenarios.Description;

/// <summary>The <c>fleet.nodes</c> section: the machines that replicas stand on.</summary>
public static class NodeFields
{
    private static readonly NodePoolOptions Defaults = new() { Ready = 1, Most = 1 };

    public static readonly Field<int> GpusPerNode = new(new IntegerType(1, 1024)) { Name = "gpus_per_node", Meaning = "GPUs of a machine.", Default = Defaults.GpusPerNode, DefaultSource = "HGX boards carry eight" };
    public static readonly Field<int> Ready = new(new IntegerType(0, 1_000_000)) { Name = "ready", Meaning = "Machines that run from the start and always.", Required = true };
    public static readonly Field<int> Most = new(new IntegerType(1, 1_000_000)) { Name = "max", Meaning = "Most machines.", Required = true };

    public static readonly Field<SimDuration> StartTime = new(new DurationType())
    {
        Name = "start_time", Meaning = "Time from asking for a machine until it runs.", Default = Defaults.StartTime, DefaultSource = "cloud machines with GPUs: 2 to 6 minutes",
    };

    public static readonly Field<SimDuration> IdleTime = new(new DurationType())
    {
        Name = "idle_time", Meaning = "An empty machine beyond the first goes after this long.", Default = Defaults.IdleTime, DefaultSource = "cluster-autoscaler's scale-down-unneeded-time",
    };

    /// <summary>The whole section.</summary>
    public static readonly Section Section = new()
    {
        Meaning = "The machines that replicas stand on. Without it there is always room within gpu_quota.",
        Fields = [GpusPerNode, Ready, Most, StartTime, IdleTime],
    };
}
