using Foretoken.Quantities;
using Foretoken.Twin.Scenarios.Documents;
using Foretoken.Twin.Scenarios.Model;
using Foretoken.Workloads.Synthetic;

namespace Foretoken.Cli.Scenarios;

/// <summary>A synthetic workload in a YAML file: its keys at the top, or below <c>workload</c> (so that a whole scenario serves, too).</summary>
internal static class WorkloadFile
{
    /// <summary>Reads a workload.</summary>
    /// <exception cref="InputException">It cannot be used; carries every problem.</exception>
    public static SyntheticSpec Load(string path)
    {
        var document = YamlDocument.Parse(ScenarioFile.ReadText(path), path)
            ?? throw new InputException(path, "is empty", "describe a workload: preset, or arrivals, input_tokens and output_tokens");
        return WorkloadResolver.ResolveAlone((document as MapNode)?.Find("workload") ?? document);
    }
}
