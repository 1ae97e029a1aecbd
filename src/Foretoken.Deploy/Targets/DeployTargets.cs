namespace Foretoken.Deploy.Targets;

/// <summary>Every target, one line each.</summary>
public static class DeployTargets
{
    /// <summary>The targets in the order in which help lists them.</summary>
    public static IReadOnlyList<IDeployTarget> All { get; } =
    [
        new CommandsTarget(),
        new DynamoTarget(),
        new LlmDTarget(),
        new KServeTarget(),
        new ProductionStackTarget(),
        new KubernetesTarget(),
    ];

    /// <summary>A target by its name, or null.</summary>
    public static IDeployTarget? Find(string name) => All.FirstOrDefault(t => t.Name == name);
}
