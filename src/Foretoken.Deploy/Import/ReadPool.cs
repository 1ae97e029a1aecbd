using Foretoken.Deploy.Deployments;
using Foretoken.Hardware.Memory;
using Foretoken.Twin;

namespace Foretoken.Deploy.Import;

/// <summary>What was read of a pool so far.</summary>
internal sealed class ReadPool
{
    /// <summary>What the artefact calls it; empty where it calls it nothing.</summary>
    public string Component { get; set; } = "";

    /// <summary>The scenario's name; null for none.</summary>
    public string? Name { get; set; }

    /// <summary>Where it stands.</summary>
    public required string Place { get; init; }

    public required EngineKind Engine { get; init; }

    /// <summary>Release of the engine; null where nothing says it.</summary>
    public string? Version { get; set; }

    public string? Model { get; set; }

    public string? Gpu { get; set; }

    public PoolRole? Role { get; set; }

    /// <summary>Whether KV is handed over, whichever side this is.</summary>
    public bool IsDivided { get; set; }

    /// <summary>Whether it is a further machine of a replica that another command starts.</summary>
    public bool IsPartOfReplica { get; set; }

    public int Replicas { get; set; } = 1;

    /// <summary>Whether the artefact says how many replicas there are.</summary>
    public bool CountIsKnown { get; set; } = true;

    /// <summary>Copies of the engine in one process (data parallelism without common steps).</summary>
    public int Copies { get; set; } = 1;

    public int Tensor { get; set; } = 1;

    public int Pipeline { get; set; } = 1;

    public int Data { get; set; } = 1;

    public int Expert { get; set; } = 1;

    /// <summary>Whether experts are dealt out to all ranks, however many those are.</summary>
    public bool DealsExpertsToAll { get; set; }

    public int DecodeContext { get; set; } = 1;

    public bool Sequence { get; set; }

    /// <summary>Port on which it answers; empty where nothing says it.</summary>
    public string Port { get; set; } = "";

    /// <summary>The machine on which it stands; empty where nothing says it.</summary>
    public string Host { get; set; } = "";

    /// <summary>GPUs that the artefact gives one replica; null where it does not say.</summary>
    public int? GpusAsked { get; set; }

    public SortedDictionary<string, string> Settings { get; } = new(StringComparer.Ordinal);

    public string? Method { get; set; }

    public string? DraftTokens { get; set; }

    public string? DraftModel { get; set; }

    public List<Setting> OwnDrafting { get; } = [];

    /// <summary>Acceptance and weights, from the artefact's own notes.</summary>
    public SortedDictionary<string, string> Facts { get; } = new(StringComparer.Ordinal);

    public DeployedScaler? Scaler { get; set; }

    /// <summary>Everything that makes replicas equal.</summary>
    public string Key => string.Join('\n',
    [
        Component, Engine.ToString(), Version ?? "", Model ?? "", Role?.ToString() ?? "", $"{Tensor} {Pipeline} {Data} {Expert} {DealsExpertsToAll} {DecodeContext} {Sequence} {Copies}", .. Settings.Select(s => $"{s.Key}={s.Value}"),
        $"{Method} {DraftTokens} {DraftModel}", .. OwnDrafting.Select(s => $"{s.Key}={s.Value}"),
    ]);
}
