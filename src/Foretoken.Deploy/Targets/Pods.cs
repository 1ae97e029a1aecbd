using System.Globalization;
using Foretoken.Deploy.Deployments;
using Foretoken.Deploy.Documents;
using Foretoken.Twin.Scenarios.Documents;

namespace Foretoken.Deploy.Targets;

/// <summary>Parts of pods that several targets have.</summary>
internal static class Pods
{
    /// <summary>Where options files are mounted.</summary>
    public const string OptionsFolder = "/config";

    /// <summary>GPUs of a pool on one machine.</summary>
    public static int GpusOfPod(DeployedPool pool) => Math.Min(pool.Gpus, pool.GpusPerNode);

    /// <summary>The number as Kubernetes writes amounts.</summary>
    public static ScalarNode Amount(long value) => Tree.Text(value.ToString(CultureInfo.InvariantCulture));

    /// <summary><c>resources</c> with the GPUs of one pod.</summary>
    public static MapNode Gpus(DeployedPool pool) => Tree.Map(("limits", Tree.Map((Nodes.Resource(pool.Gpu)!, Amount(GpusOfPod(pool))))));

    /// <summary><c>nodeSelector</c> for the GPU; null where its label is not known, which is noted.</summary>
    public static MapNode? Selector(DeployedPool pool, TargetNotes notes)
    {
        if (Nodes.Product(pool.Gpu) is { } product)
        {
            return Tree.Texts(("nvidia.com/gpu.product", product));
        }

        notes.Note($"pool {pool.Name}: choose nodes with {pool.Gpu.Name} yourself: their label is not known");
        return null;
    }

    /// <summary>The token for gated models, from a Secret that may be missing.</summary>
    public static MapNode HuggingFaceToken() => Tree.Map(
        ("name", Tree.Text("HF_TOKEN")),
        ("valueFrom", Tree.Map(("secretKeyRef", Tree.Map(("name", Tree.Text("hf-token-secret")), ("key", Tree.Text("HF_TOKEN")), ("optional", Tree.Switch(true)))))));

    /// <summary>A variable.</summary>
    public static MapNode Variable(string name, string value) => Tree.Texts(("name", name), ("value", value));

    /// <summary>vLLM's side channel for KV: the address of the pod, and the port.</summary>
    public static IEnumerable<MapNode> SideChannel() =>
    [
        Tree.Map(("name", Tree.Text("VLLM_NIXL_SIDE_CHANNEL_HOST")), ("valueFrom", Tree.Map(("fieldRef", Tree.Texts(("fieldPath", "status.podIP")))))),
        Variable("VLLM_NIXL_SIDE_CHANNEL_PORT", Server.SideChannelPort.ToString(CultureInfo.InvariantCulture)),
    ];

    /// <summary>A ConfigMap with an options file of each pool that has one; null for none.</summary>
    public static MapNode? OptionFiles(string name, IEnumerable<(string File, MapNode? Options)> files)
    {
        var given = files.Where(f => f.Options is not null).ToList();
        return given.Count == 0 ? null : Tree.Map(
            ("apiVersion", Tree.Text("v1")),
            ("kind", Tree.Text("ConfigMap")),
            ("metadata", Tree.Texts(("name", name))),
            ("data", Tree.Texts(given.Select(f => (f.File, YamlText.Write(f.Options!))))));
    }

    /// <summary>The volume of that ConfigMap.</summary>
    public static MapNode OptionsVolume(string map) => Tree.Map(("name", Tree.Text("options")), ("configMap", Tree.Texts(("name", map))));

    /// <summary>Where it is mounted.</summary>
    public static MapNode OptionsMount() => Tree.Map(("name", Tree.Text("options")), ("mountPath", Tree.Text(OptionsFolder)), ("readOnly", Tree.Switch(true)));

    /// <summary>Shared memory for the ranks of a replica.</summary>
    public static MapNode SharedMemory() => Tree.Map(("name", Tree.Text("shm")), ("emptyDir", Tree.Texts(("medium", "Memory"), ("sizeLimit", "16Gi"))));

    /// <summary>Where it is mounted.</summary>
    public static MapNode SharedMemoryMount() => Tree.Texts(("name", "shm"), ("mountPath", "/dev/shm"));

    /// <summary>A look at /health.</summary>
    public static MapNode Probe(int port, int failures, int period) => Tree.Map(
        ("httpGet", Tree.Map(("path", Tree.Text("/health")), ("port", Tree.Number(port)))),
        ("periodSeconds", Tree.Number(period)),
        ("failureThreshold", Tree.Number(failures)));
}
