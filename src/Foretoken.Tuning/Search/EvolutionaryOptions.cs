namespace Foretoken.Tuning.Search;

/// <summary>How the evolutionary search goes about it. The defaults were measured; see docs/search.md.</summary>
public sealed record EvolutionaryOptions
{
    /// <summary>Seed of every random choice.</summary>
    public ulong Seed { get; init; }

    /// <summary>Points kept as parents.</summary>
    public int Population { get; init; } = 100;

    /// <summary>Points of the first, evenly spread design; null: the population, but at most a twentieth of the space.</summary>
    public int? Initial { get; init; }

    /// <summary>Raw points to begin with, such as settings known to be good; tried before the design.</summary>
    public IReadOnlyList<int[]> Start { get; init; } = [];

    /// <summary>Whether a model learned from the points so far sorts out unpromising children before they are run.</summary>
    public bool Surrogate { get; init; } = true;

    /// <summary>Children made per point that is proposed, for the surrogate to choose from.</summary>
    public int Screening { get; init; } = 15;

    /// <summary>The most points that the model learns from: the parents and the latest. Its cost grows with the third power.</summary>
    public int TrainingMax { get; init; } = 300;

    /// <summary>The least gain, as a share of the front's extent, that counts as progress.</summary>
    public double Progress { get; init; } = 0.01;

    /// <summary>Batches without progress after which half a batch is spent far away.</summary>
    public int Patience { get; init; } = 4;
}
