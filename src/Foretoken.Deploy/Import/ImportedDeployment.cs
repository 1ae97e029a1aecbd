using Foretoken.Deploy.Deployments;
using Foretoken.Twin.Scenarios.Documents;

namespace Foretoken.Deploy.Import;

/// <summary>What was read of a deployment so far.</summary>
internal sealed class ImportedDeployment
{
    public string? Name { get; set; }

    /// <summary>Pools, or replicas of them one by one.</summary>
    public List<ReadPool> Pools { get; } = [];

    /// <summary>Routing policy under the scenario's name; null where nothing says it.</summary>
    public string? Router { get; set; }

    public List<Setting> RouterValues { get; } = [];

    public string? DecodeRouting { get; set; }

    /// <summary>Roles of replicas by their addresses, in the order in which a router names them.</summary>
    public List<(string Address, Twin.PoolRole Role)> Roles { get; } = [];

    /// <summary>Lines of facts in the artefact's comments, by the component that they are of.</summary>
    public Dictionary<string, MapNode> Facts { get; } = new(StringComparer.Ordinal);

    /// <summary>Scalers by the name of what they scale.</summary>
    public List<(string Target, DeployedScaler Scaler)> Scalers { get; } = [];
}
