using Foretoken.Deploy.Checks;
using Foretoken.Deploy.Deployments;
using Foretoken.Deploy.Targets;
using Foretoken.Quantities;
using Foretoken.Twin.Scenarios.Model;

namespace Foretoken.Deploy.Writing;

/// <summary>From a validated scenario to files that can be deployed.</summary>
public static class DeployWriter
{
    /// <summary>The files of every target, nothing written.</summary>
    /// <param name="scenario">A validated scenario that names model and GPU.</param>
    /// <param name="targets">The targets.</param>
    /// <param name="skipped">Where given, takes why a target cannot express the scenario, which is then left out; otherwise that is an error.</param>
    /// <exception cref="InputException">The scenario cannot be deployed so; carries every problem.</exception>
    public static IReadOnlyList<TargetFiles> Plan(ScenarioModel scenario, IReadOnlyList<IDeployTarget> targets, ICollection<Problem>? skipped = null)
    {
        var deployment = DeploymentBuilder.Build(scenario);
        var problems = new List<Problem>();
        var made = new List<TargetFiles>();
        foreach (var target in targets)
        {
            var beyond = target.Reach.Beyond(target.Name, deployment).ToList();
            if (beyond.Count > 0)
            {
                foreach (var problem in beyond)
                {
                    (skipped ?? problems).Add(problem);
                }

                continue;
            }

            made.Add(Made(target, deployment, problems));
        }

        if (problems.Count == 0 && made.Count == 0 && skipped is not null)
        {
            problems.AddRange(skipped);
        }

        // A layout that a release cannot be told is the same problem in every target.
        return problems.Count == 0 ? made : throw new InputException([.. problems.Distinct()]);
    }

    /// <summary>Writes the files of every target into a folder of its own below a folder: all of them, or none.</summary>
    /// <param name="scenario">A validated scenario that names model and GPU.</param>
    /// <param name="targets">The targets.</param>
    /// <param name="folder">The folder; made when it is not there.</param>
    /// <param name="overwrite">Whether files that are there may be replaced by other content.</param>
    /// <param name="skipped">As for <see cref="Plan"/>.</param>
    /// <returns>What was written, with the notes.</returns>
    /// <exception cref="InputException">It cannot be deployed so, or not be written there; carries every problem.</exception>
    public static IReadOnlyList<TargetFiles> Write(ScenarioModel scenario, IReadOnlyList<IDeployTarget> targets, string folder, bool overwrite = false, ICollection<Problem>? skipped = null)
    {
        var made = Plan(scenario, targets, skipped);
        ArtefactFolder.Write(folder, made.SelectMany(t => t.Files.Select(f => (Path.Combine(t.Target.Name, f.Path), f.Text))), overwrite);
        return made;
    }

    private static TargetFiles Made(IDeployTarget target, Deployment deployment, List<Problem> problems)
    {
        var notes = new TargetNotes();
        notes.Note(deployment.Notes);

        // Twice: notes that come up late belong into the head of the first file too.
        target.Write(deployment, notes);
        var files = target.Write(deployment, notes);
        problems.AddRange(notes.Problems);
        foreach (var file in files)
        {
            for (var i = 0; i < file.Documents.Count; i++)
            {
                var broken = ArtefactCheck.Problems(file.Documents[i], $"{target.Name}/{file.Path}");

                // Ours to get right, whatever the scenario.
                Invariant.That(broken.Count == 0, string.Join("; ", broken));
            }
        }

        return new TargetFiles(target, files, notes.Notes);
    }
}
