using Foretoken.Tuning.Results;
using Foretoken.Tuning.Space;

namespace Foretoken.Tuning.Running;

/// <summary>A candidate on its way through the study.</summary>
internal sealed class Contestant(int number, Candidate candidate, int stages)
{
    /// <summary>Its number, from 1.</summary>
    public int Number => number;

    /// <summary>The candidate.</summary>
    public Candidate Candidate => candidate;

    /// <summary>How far it came.</summary>
    public CandidateState State { get; set; } = CandidateState.Finished;

    /// <summary>Numbers of replication 0 by stage; null where it was not played. The last stage is the whole traffic.</summary>
    public double[]?[] Stages { get; } = new double[]?[stages];

    /// <summary>The last stage that was played; -1: none.</summary>
    public int LastStage => Array.FindLastIndex(Stages, s => s is not null);

    /// <summary>Numbers of each replication over the whole traffic.</summary>
    public List<double[]> Replications { get; } = [];

    /// <summary>Numbers with steps longer and shorter than predicted; null where they were not played.</summary>
    public double[]? Slower { get; set; }

    /// <summary>See <see cref="Slower"/>.</summary>
    public double[]? Faster { get; set; }

    /// <summary>Whether it has what tells its doubt: replications, and runs with longer and shorter steps.</summary>
    public bool IsReplicated { get; set; }

    /// <summary>Where the mean request's time goes, of what was played last.</summary>
    public IReadOnlyList<KeyValuePair<string, double>> Bottleneck { get; set; } = [];

    /// <summary>Runs that were played of it.</summary>
    public int Runs { get; set; }

    /// <summary>Seconds that its last run took here, 0 when it was known: longer ones begin first. Nothing that comes out depends on it.</summary>
    public double Took { get; set; }

    /// <summary>What counts: the numbers of replication 0 over the whole traffic; null unless it finished.</summary>
    public double[]? Final => Stages[^1];

    /// <summary>Objectives turned so that smaller is better, of what counts or of the last slice.</summary>
    public double[] Costs { get; set; } = [];

    /// <summary>How far it misses the constraints, of what counts, of the last slice, or at least by the fluid bound.</summary>
    public double Violation { get; set; }

    /// <summary>In capacity mode: how much faster than it was recorded it can take the traffic.</summary>
    public double Speedup { get; set; } = 1;
}
