using Foretoken.Deploy.Deployments;

namespace Foretoken.Deploy.Targets;

/// <summary>A kind of artefact that deployments are written as. A new one is a class and a line in <see cref="DeployTargets"/>.</summary>
public interface IDeployTarget
{
    /// <summary>Name on the command line.</summary>
    string Name { get; }

    /// <summary>What is written, as the end of a sentence.</summary>
    string Meaning { get; }

    /// <summary>What it can express.</summary>
    TargetReach Reach { get; }

    /// <summary>The files, their paths relative to the folder of the target.</summary>
    /// <param name="deployment">What is to be deployed; within <see cref="Reach"/>.</param>
    /// <param name="notes">Takes what the artefacts cannot say, and what is wrong.</param>
    IReadOnlyList<Artefact> Write(Deployment deployment, TargetNotes notes);
}
