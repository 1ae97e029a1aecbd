using System.Globalization;
using Foretoken.Deploy.Deployments;
using Foretoken.Deploy.Documents;
using Foretoken.Deploy.Flags;
using Foretoken.Hardware.Memory;
using Foretoken.Twin;
using Foretoken.Twin.Scenarios.Documents;

namespace Foretoken.Deploy.Targets;

/// <summary>What both versions of Dynamo's DynamoGraphDeployment have in common.</summary>
internal sealed class DynamoParts
{
    private readonly Deployment _deployment;
    private readonly TargetNotes _notes;
    private readonly Dictionary<DeployedPool, Launch> _launches = [];

    public DynamoParts(Deployment deployment, TargetNotes notes)
    {
        (_deployment, _notes) = (deployment, notes);
        Name = KubernetesName.Of(deployment.Name, 30);
        foreach (var pool in deployment.Pools)
        {
            _launches[pool] = Server.Launched(pool, notes);
        }
    }

    /// <summary>Name of the deployment.</summary>
    public string Name { get; }

    /// <summary>Name of the ConfigMap with options files.</summary>
    public string Map => Name + "-options";

    /// <summary>The framework when all pools run one; null otherwise.</summary>
    public ScalarNode? Framework => _deployment.Pools.Select(p => p.EngineName).Distinct().Count() == 1 ? Tree.Text(_deployment.Pools[0].EngineName) : null;

    /// <summary>The documents beside the deployment: options files and scalers.</summary>
    public IEnumerable<MapNode> Beside()
    {
        if (Pods.OptionFiles(Map, _deployment.Pools.Select(p => (p.Id + ".yaml", _launches[p].Options))) is { } files)
        {
            yield return files;
        }

        foreach (var pool in _deployment.Pools.Where(p => p.Scaler is not null))
        {
            var name = $"{Name}-{pool.Id}";
            var target = Tree.Texts(("apiVersion", "nvidia.com/v1alpha1"), ("kind", "DynamoGraphDeploymentScalingAdapter"), ("name", name));
            if (Scalers.Document(pool, name, name, target, _notes) is { } document)
            {
                yield return document;
            }
        }
    }

    /// <summary>Whether a scaler of its own is written for the pool.</summary>
    public static bool IsScaled(DeployedPool pool) => pool.Scaler?.Policy is "hpa" or "keda";

    /// <summary>The frontend's image, command and flags.</summary>
    public (string Key, ConfigNode? Value)[] Frontend()
    {
        var mode = Routers.Theirs(Routers.Dynamo, _deployment.Router, "Dynamo's frontend", "round-robin", Routers.Matters(_deployment) ? _notes : null) ?? "round-robin";
        if (_deployment.DecodeRouting is { } decode && mode != "kv" && decode != _deployment.Router.Policy)
        {
            _notes.Note($"routing: Dynamo's frontend routes decode replicas as it routes prefill replicas ({mode}); the scenario has {decode}");
        }

        var arguments = new List<string> { "--router-mode", mode };
        if (mode == "kv" && DynamoReleases.IsBefore1(DynamoReleases.Image(_deployment.Pools[0], _notes)) && _deployment.Router.Values.Count > 0)
        {
            _notes.Note("routing: the parameters of the KV router are written as Dynamo 1.x names them");
        }

        arguments.AddRange(Routers.Values(Routers.DynamoValues, _deployment.Router, "Dynamo's frontend", _notes).SelectMany(a => a.Words));
        return [("image", Tree.Text(DynamoReleases.Image(_deployment.Pools[0], _notes))), ("command", Tree.Words(["python3", "-m", "dynamo.frontend"])), ("args", Tree.Words(arguments))];
    }

    /// <summary>A worker's image, command and flags.</summary>
    public (string Key, ConfigNode? Value)[] Worker(DeployedPool pool)
    {
        var image = DynamoReleases.Image(pool, _notes);
        var launch = _launches[pool];
        var (module, model) = pool.Engine switch { EngineKind.Sglang => ("dynamo.sglang", "--model-path"), EngineKind.TensorRtLlm => ("dynamo.trtllm", "--model-path"), _ => ("dynamo.vllm", "--model") };
        var words = new List<string> { model, pool.Model };
        words.AddRange(launch.Arguments.Where(a => a.Flag != "--backend").SelectMany(a => a.Words));
        if (launch.Options is not null)
        {
            words.AddRange(["--extra-engine-args", $"{Pods.OptionsFolder}/{pool.Id}.yaml"]);
            if (_deployment.Router.Policy == "dynamo_kv")
            {
                words.Add("--publish-events-and-metrics");
            }
        }

        if (pool.Role != PoolRole.Aggregated)
        {
            words.AddRange(Role(pool, image));
        }

        if (_deployment.Router.Policy == "dynamo_kv" && pool.Role != PoolRole.Decode && Events(pool, image) is { } events)
        {
            words.AddRange(["--kv-events-config", events]);
        }

        return
        [
            ("image", Tree.Text(image)),
            ("command", Tree.Words(["python3", "-m", module])),
            ("args", Tree.Words(words)),
            ("env", Tree.List(Pods.HuggingFaceToken())),
            ("volumeMounts", launch.Options is null ? null : Tree.List(Pods.OptionsMount())),
        ];
    }

    /// <summary>The volumes of a worker; null for none.</summary>
    public ListNode? Volumes(DeployedPool pool) => _launches[pool].Options is null ? null : Tree.List(Pods.OptionsVolume(Map));

    // The KV router follows what workers publish; from 1.0 on they publish what they are told to (examples/backends/*/deploy/v1beta1/agg_router.yaml).
    private static string? Events(DeployedPool pool, string image) => pool.Engine switch
    {
        EngineKind.Vllm when !DynamoReleases.IsBefore1(image) => JsonText.Write(Tree.Map(
            ("publisher", Tree.Text("zmq")), ("topic", Tree.Text("kv-events")), ("endpoint", Tree.Text("tcp://*:20080")), ("enable_kv_cache_events", Tree.Switch(true)))),
        EngineKind.Sglang => JsonText.Write(Tree.Texts(("publisher", "zmq"), ("topic", "kv-events"), ("endpoint", "tcp://*:5557"))),
        _ => null,
    };

    private static IEnumerable<string> Role(DeployedPool pool, string image)
    {
        var role = pool.Role == PoolRole.Prefill ? "prefill" : "decode";
        return pool.Engine switch
        {
            EngineKind.Sglang =>
            [
                "--disaggregation-mode", role, "--disaggregation-transfer-backend", "nixl", "--disaggregation-bootstrap-port", Server.BootstrapPort.ToString(CultureInfo.InvariantCulture),
                "--host", "0.0.0.0",
            ],
            EngineKind.Vllm when DynamoReleases.IsBefore1(image) => [$"--is-{role}-worker"],

            // 1.0 has no connector of its own any more: a prefill worker without one does not start.
            EngineKind.Vllm => ["--disaggregation-mode", role, "--kv-transfer-config", Server.VllmTransfer],
            _ => ["--disaggregation-mode", role],
        };
    }
}
