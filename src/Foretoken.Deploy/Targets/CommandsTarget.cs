using System.Globalization;
using System.Text;
using Foretoken.Deploy.Deployments;
using Foretoken.Deploy.Documents;
using Foretoken.Deploy.Flags;
using Foretoken.Hardware.Memory;
using Foretoken.Twin;
using Foretoken.Twin.Scenarios.Documents;

namespace Foretoken.Deploy.Targets;

/// <summary>
/// The commands that start everything by hand, machine by machine: every replica with its GPUs and port, then the router. The machines
/// are called node1, node2, ...; replicas fill them in the order of the pools.
/// </summary>
internal sealed class CommandsTarget : IDeployTarget
{
    private const int Rpc = 13345;

    /// <inheritdoc />
    public string Name => "commands";

    /// <inheritdoc />
    public string Meaning => "commands for a shell: vllm serve, sglang.launch_server, trtllm-serve, and the router";

    /// <inheritdoc />
    public TargetReach Reach { get; } = new()
    {
        Routers = [.. Routers.SgLang.Select(r => r.Ours).Union(Routers.ProductionStack.Select(r => r.Ours))],
    };

    /// <inheritdoc />
    public IReadOnlyList<Artefact> Write(Deployment deployment, TargetNotes notes)
    {
        var files = new List<Artefact>();
        var body = new StringBuilder();
        var places = Place(deployment);
        foreach (var pool in deployment.Pools)
        {
            var options = $"{pool.Id}.yaml";
            var server = Server.Of(pool, options, notes);
            if (server.Options is { } map)
            {
                files.Add(new Artefact(options, $"# TensorRT-LLM's options for pool {pool.Name}.\n" + YamlText.Write(map)));
            }

            if (pool.Scaler is { } scaler)
            {
                Scalers.Unwritten(pool, scaler, notes);
            }

            foreach (var place in places.Where(p => p.Pool == pool))
            {
                Replica(place, server, body, notes);
            }
        }

        Router(deployment, places, files, body, notes);
        var head = Heading.Of(deployment, "Commands that start", notes, deployment.Pools.Select(p => (p.Id, p)));
        files.Insert(0, new Artefact("commands.sh", head + body));
        return files;
    }

    private static void Replica(ReplicaPlace place, Server server, StringBuilder to, TargetNotes notes)
    {
        var (pool, nodes) = (place.Pool, place.Nodes);
        for (var rank = 0; rank < nodes.Count; rank++)
        {
            var arguments = new List<Argument>(server.Program);
            var isHeadless = false;
            if (nodes.Count > 1)
            {
                if (Spanning(pool, nodes, rank, out isHeadless, notes) is not { } part)
                {
                    continue;
                }

                arguments.AddRange(part);
            }

            if (!isHeadless)
            {
                arguments.Add(new Argument("--host", "0.0.0.0"));
                arguments.Add(new Argument("--port", Text(place.Port)));
            }

            arguments.AddRange(server.Arguments);
            var environment = new List<string>();
            if (nodes.Count == 1 && pool.Gpus < pool.GpusPerNode)
            {
                environment.Add($"CUDA_VISIBLE_DEVICES={string.Join(',', Enumerable.Range(place.FirstGpu, pool.Gpus))}");
            }

            if (pool.Role != PoolRole.Aggregated && pool.Engine == EngineKind.Vllm)
            {
                environment.Add($"VLLM_NIXL_SIDE_CHANNEL_HOST=node{nodes[rank]}");
                environment.Add($"VLLM_NIXL_SIDE_CHANNEL_PORT={Text(Server.SideChannelPort + (100 * place.OnNode))}");
            }

            var which = nodes.Count == 1 ? "" : string.Create(CultureInfo.InvariantCulture, $", part {rank + 1} of {nodes.Count}");
            to.Append(CultureInfo.InvariantCulture, $"\n# pool {pool.Id}, replica {place.Number + 1} of {pool.Replicas}{which}: on node{nodes[rank]}\n");
            to.Append(ShellQuote.Line(environment, WithBootstrap(arguments, place)));
        }
    }

    // Prefill servers on one machine each need a bootstrap port of their own.
    private static IEnumerable<Argument> WithBootstrap(IEnumerable<Argument> arguments, ReplicaPlace place) =>
        arguments.Select(a => a.Flag == "--disaggregation-bootstrap-port" ? a with { Value = Text(Server.BootstrapPort + place.OnNode) } : a);

    // What tells the parts of a replica on several machines from each other; null for a machine on which nothing is typed.
    private static List<Argument>? Spanning(DeployedPool pool, IReadOnlyList<int> nodes, int rank, out bool isHeadless, TargetNotes notes)
    {
        var head = $"node{nodes[0]}";
        isHeadless = false;
        if (pool.Engine == EngineKind.Sglang)
        {
            return [new("--nnodes", Text(nodes.Count)), new("--node-rank", Text(rank)), new("--dist-init-addr", $"{head}:5000")];
        }

        if (pool.Engine == EngineKind.TensorRtLlm)
        {
            notes.Note($"pool {pool.Name}: a replica on {nodes.Count} machines is started once, by MPI: mpirun -n {pool.Gpus} -H {string.Join(',', nodes.Select(n => $"node{n}:{pool.GpusPerNode}"))} trtllm-llmapi-launch and the command of part 1");
            return rank == 0 ? [] : null;
        }

        var local = pool.Layout.AttentionDataParallel / nodes.Count;
        if (local >= 1 && pool.Layout.AttentionDataParallel % nodes.Count == 0)
        {
            List<Argument> ranks = [new("--data-parallel-size-local", Text(local)), new("--data-parallel-address", head), new("--data-parallel-rpc-port", Text(Rpc))];
            isHeadless = rank > 0;
            return isHeadless ? [new("--headless"), new("--data-parallel-start-rank", Text(rank * local)), .. ranks] : ranks;
        }

        notes.Note($"pool {pool.Name}: start a Ray cluster over {string.Join(", ", nodes.Select(n => $"node{n}"))} first (ray start); only part 1 is run");
        return rank == 0 ? [new("--distributed-executor-backend", "ray")] : null;
    }

    private static void Router(Deployment deployment, List<ReplicaPlace> places, List<Artefact> files, StringBuilder to, TargetNotes notes)
    {
        if (places.Count == 1)
        {
            return;
        }

        var engine = deployment.Pools[0].Engine;
        to.Append("\n# router\n");
        switch (engine)
        {
            case EngineKind.Sglang:
                to.Append(ShellQuote.Line([], SgLangRouter(deployment, places, notes)));
                break;
            case EngineKind.Vllm:
                to.Append(ShellQuote.Line([], VllmRouter(deployment, places, notes)));
                break;
            case EngineKind.TensorRtLlm when deployment.IsDisaggregated:
                files.Add(new Artefact("disaggregated.yaml", "# The two sides of trtllm-serve disaggregated.\n" + YamlText.Write(TrtLlmRouter(deployment, places, notes))));
                to.Append(ShellQuote.Line([], [new Argument("trtllm-serve", "disaggregated"), new Argument("-c", "disaggregated.yaml")]));
                break;
            default:
                notes.Note($"routing: TensorRT-LLM brings no router for whole requests: put one that does {deployment.Router.Policy} before {string.Join(", ", places.Select(p => p.Address))}");
                to.Append(CultureInfo.InvariantCulture, $"# none: see the notes\n");
                break;
        }
    }

    private static List<Argument> SgLangRouter(Deployment deployment, List<ReplicaPlace> places, TargetNotes notes)
    {
        var policy = Routers.Theirs(Routers.SgLang, deployment.Router, "SGLang's gateway", "cache_aware", notes) ?? "cache_aware";
        var arguments = new List<Argument> { new("python3"), new("-m", "sglang_router.launch_router") };
        if (deployment.IsDisaggregated)
        {
            arguments.Add(new("--pd-disaggregation"));
            foreach (var place in places.Where(p => p.Pool.Role == PoolRole.Prefill))
            {
                arguments.Add(new("--prefill", "http://" + place.Address));
                arguments.Add(new(Text(Server.BootstrapPort + place.OnNode)));
            }

            arguments.AddRange(places.Where(p => p.Pool.Role == PoolRole.Decode).Select(p => new Argument("--decode", "http://" + p.Address)));
            arguments.Add(new("--prefill-policy", policy));
            arguments.Add(new("--decode-policy", Routers.Theirs(Routers.SgLang, new DeployedRouter(deployment.DecodeRouting ?? "round_robin", []), "SGLang's gateway", "round_robin", notes) ?? "round_robin"));
        }
        else
        {
            arguments.Add(new("--worker-urls", "http://" + places[0].Address));
            arguments.AddRange(places.Skip(1).Select(p => new Argument("http://" + p.Address)));
            arguments.Add(new("--policy", policy));
        }

        arguments.AddRange(Routers.Values(Routers.SgLangValues, deployment.Router, "SGLang's gateway", notes));
        arguments.Add(new("--host", "0.0.0.0"));
        arguments.Add(new("--port", "8080"));
        return arguments;
    }

    private static List<Argument> VllmRouter(Deployment deployment, List<ReplicaPlace> places, TargetNotes notes)
    {
        var arguments = new List<Argument>
        {
            new("vllm-router"),
            new("--host", "0.0.0.0"),
            new("--port", "8080"),
            new("--service-discovery", "static"),
            new("--static-backends", string.Join(',', places.Select(p => "http://" + p.Address))),
            new("--static-models", string.Join(',', places.Select(p => p.Pool.Model))),
        };
        if (deployment.IsDisaggregated)
        {
            arguments.Add(new("--static-model-labels", string.Join(',', places.Select(p => p.Pool.Role == PoolRole.Prefill ? "prefill" : "decode"))));
            arguments.Add(new("--routing-logic", "disaggregated_prefill"));
            arguments.Add(new("--prefill-model-labels", "prefill"));
            arguments.Add(new("--decode-model-labels", "decode"));
            if (deployment.Router.Policy != "round_robin" || deployment.DecodeRouting != "round_robin")
            {
                notes.Note($"routing: vLLM's router deals both sides out in turn; the scenario has {deployment.Router.Policy} before prefill and {deployment.DecodeRouting} before decode replicas");
            }

            return arguments;
        }

        var logic = Routers.Theirs(Routers.ProductionStack, deployment.Router, "vLLM's router", "roundrobin", notes) ?? "roundrobin";
        arguments.Add(new("--routing-logic", logic));
        if (logic == "session")
        {
            arguments.Add(new("--session-key", "x-session-id"));
        }

        arguments.AddRange(Routers.Values(Routers.ProductionStackValues, deployment.Router, "vLLM's router", notes));
        return arguments;
    }

    private static MapNode TrtLlmRouter(Deployment deployment, List<ReplicaPlace> places, TargetNotes notes)
    {
        MapNode Side(PoolRole role, string policy)
        {
            var type = policy switch { "round_robin" => "round_robin", "least_requests" or "least_tokens" => "load_balancing", "dynamo_kv" => "kv_cache_aware", _ => null };
            if (type is null)
            {
                notes.Note($"routing: {policy} is not known to trtllm-serve disaggregated, which deals out in turn");
            }

            var side = places.Where(p => p.Pool.Role == role).ToList();
            return Tree.Map(
                ("num_instances", Tree.Number(side.Count)),
                ("router", Tree.Texts(("type", type ?? "round_robin"))),
                ("urls", Tree.Words(side.Select(p => p.Address))));
        }

        return Tree.Map(
            ("hostname", Tree.Text("0.0.0.0")),
            ("port", Tree.Number(8080)),
            ("backend", Tree.Text("pytorch")),
            ("context_servers", Side(PoolRole.Prefill, deployment.Router.Policy)),
            ("generation_servers", Side(PoolRole.Decode, deployment.DecodeRouting ?? "round_robin")));
    }

    // Replicas that fit share a machine; one that spans several begins a new one. Machines hold one kind of GPU.
    private static List<ReplicaPlace> Place(Deployment deployment)
    {
        var places = new List<ReplicaPlace>();
        var (node, used, on, gpu) = (0, int.MaxValue, 0, "");
        foreach (var pool in deployment.Pools)
        {
            var port = pool.Engine == EngineKind.Sglang ? 30000 : 8000;
            for (var i = 0; i < pool.Replicas; i++)
            {
                if (pool.NodesPerReplica > 1 || gpu != pool.Gpu.Name || used + pool.Gpus > pool.GpusPerNode)
                {
                    (node, used, on, gpu) = (node + 1, 0, 0, pool.Gpu.Name);
                }

                places.Add(new ReplicaPlace(pool, i, [.. Enumerable.Range(node, pool.NodesPerReplica)], used, on, port + on));
                (node, used, on) = (node + pool.NodesPerReplica - 1, pool.NodesPerReplica > 1 ? int.MaxValue / 2 : used + pool.Gpus, on + 1);
            }
        }

        return places;
    }

    private static string Text(int value) => value.ToString(CultureInfo.InvariantCulture);

    private sealed record ReplicaPlace(DeployedPool Pool, int Number, IReadOnlyList<int> Nodes, int FirstGpu, int OnNode, int Port)
    {
        public string Address => string.Create(CultureInfo.InvariantCulture, $"node{Nodes[0]}:{Port}");
    }
}
