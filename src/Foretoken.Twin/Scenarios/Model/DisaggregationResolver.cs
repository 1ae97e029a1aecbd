using System.Globalization;
using Foretoken.Engines.SgLang;
using Foretoken.Fleet.Network;
using Foretoken.Fleet.Routing;
using Foretoken.Hardware.Memory;
using Foretoken.Quantities;
using Foretoken.Twin.Deployments;
using Foretoken.Twin.Disaggregation;
using Foretoken.Twin.Scenarios.Description;
using Foretoken.Twin.Scenarios.Fields;

namespace Foretoken.Twin.Scenarios.Model;

/// <summary>From prefill and decode pools, <c>fleet.disaggregation</c> and <c>fleet.network</c> to a hand-off.</summary>
internal sealed class DisaggregationResolver(Bound fleet, BindContext context, List<DerivedValue> derived)
{
    private readonly Bound _keys = fleet.Get(FleetFields.Disaggregation)!;
    private readonly Bound _network = fleet.Get(FleetFields.Network)!;

    /// <summary>The hand-off; null without one, or with problems. Decode pools, and what is rolled out over them, may come out changed.</summary>
    public DisaggregationModel? Resolve(ref IReadOnlyList<PoolModel> pools, ref ScalingModel? scaling)
    {
        // Roles are known even of pools that are wrong otherwise.
        if (!fleet.IsGood(FleetFields.Pools) || (fleet.Get(FleetFields.Pools) is { } written && !written.All(p => p.IsGood(PoolFields.Role))))
        {
            return null;
        }

        List<string> roles = [.. fleet.Get(FleetFields.Pools)?.Select(p => p.Get(PoolFields.Role)!) ?? ["aggregated"]];
        if (roles.TrueForAll(role => role == "aggregated"))
        {
            foreach (var (section, name) in new[] { (_keys, "fleet.disaggregation"), (_network, "fleet.network") })
            {
                if (section?.Fields.Any(section.IsSet) == true)
                {
                    context.Add(section.Origin, name, "means nothing without a prefill and a decode pool", "give fleet.pools two pools with role: prefill and role: decode");
                }
            }

            return null;
        }

        if (!CheckRoles(roles) || pools.Count == 0)
        {
            return null;
        }

        // One router looks at prefill and aggregated replicas, in blocks of one size.
        var size = pools.First(p => p.Role == PoolRole.Prefill).Engine.Settings.KvBlockTokens;
        foreach (var whole in pools.Where(p => p.Role == PoolRole.Aggregated && p.Engine.Settings.KvBlockTokens != size))
        {
            context.Add(fleet.PlaceOf(FleetFields.Pools), fleet.PathOf(FleetFields.Pools), $"has blocks of another size in {whole.Name} than in the prefill pool", "one router looks at both: give both the same size");
            return null;
        }

        // All of one side with one of the other: then all are equal in what matters.
        var prefill = pools.Where(p => p.Role == PoolRole.Prefill).ToList();
        var decode = pools.Where(p => p.Role == PoolRole.Decode).ToList();
        if (!(decode.Select(to => CheckEqual(prefill[0], to)).ToList().TrueForAll(good => good) & prefill.Skip(1).Select(from => CheckEqual(from, decode[0])).ToList().TrueForAll(good => good)))
        {
            return null;
        }

        if (_keys?.Fields.All(_keys.IsGood) != true || _network?.Fields.All(_network.IsGood) != true)
        {
            return null;
        }

        var from = prefill[0];
        var isSglang = from.Engine.Settings is SgLangSettings;
        if (Network(pools, Largest(pools, scaling), isSglang) is not { } network)
        {
            return null;
        }

        var known = pools;
        var numbers = known.Select((pool, number) => (pool, number)).ToList();
        var pairs = (
            from a in numbers
            from b in numbers
            where a.pool.Role == PoolRole.Prefill && b.pool.Role == PoolRole.Decode
            select (Key: (a.number, b.number), Value: Transfer(a.pool, b.pool, network, Math.Min(network.Lines[a.number], network.Lines[b.number])))).ToList();
        SayBytes(pairs.Where(p => p.Key.Item1 == pairs[0].Key.Item1).Select(p => (known[p.Key.Item2], p.Value)).ToList());
        if (isSglang)
        {
            // A decode server of SGLang keeps no radix cache.
            foreach (var to in decode.Where(d => d.Engine.Settings is SgLangSettings { DisableRadixCache: false }))
            {
                derived.Add(new($"pool {to.Name}: disable_radix_cache", "true", "SGLang's decode servers keep none"));
            }

            pools = [.. pools.Select(WithoutRadixCache)];
            scaling = scaling is null ? null : scaling with { Changes = [.. scaling.Changes.Select(c => c with { Rollout = c.Rollout is null ? null : WithoutRadixCache(c.Rollout) })] };
        }

        return new DisaggregationModel(
            new DisaggregationPlan
            {
                Order = Chosen(DisaggregationFields.Order, isSglang ? "decode_first" : "prefill_first") == "decode_first" ? HandOffOrder.DecodeFirst : HandOffOrder.PrefillFirst,
                Overlap = Chosen(DisaggregationFields.Overlap, isSglang ? "chunks" : "none") switch { "chunks" => TransferOverlap.Chunks, "layers" => TransferOverlap.Layers, _ => TransferOverlap.None },
                DecodeRouting = RoutingPolicies.Create("round_robin")!,
                Local = Local(),
                Transfer = pairs[0].Value,
                Pairs = pairs.Count == 1 ? new Dictionary<(int, int), KvTransfer>() : pairs.ToDictionary(p => p.Key, p => p.Value),
                GpuBytesPerSecond = network.Lines.Distinct().Count() == 1 ? [] : [.. network.Lines.Select(line => line * network.Efficiency)],
                Layers = from.Target?.Shape.Layers.Count ?? 1,
                SharedBytesPerSecond = _network.Get(DisaggregationFields.SharedBandwidth),
                Message = _keys.Get(DisaggregationFields.MessageTime) ?? SimDuration.Zero,
            },
            _keys.Get(DisaggregationFields.DecodeRouting)!);
    }

    private bool CheckRoles(List<string> roles)
    {
        var (prefills, decodes) = (roles.Count(r => r == "prefill"), roles.Count(r => r == "decode"));
        var place = fleet.PlaceOf(FleetFields.Pools);
        var good = true;
        if (prefills == 0 || decodes == 0)
        {
            var (has, lacks) = prefills == 0 ? ("decode", "prefill") : ("prefill", "decode");
            good = Bad($"has {has} replicas and no {lacks} replicas: no request could ever end", $"add a pool with role: {lacks}");
        }

        if (roles.Contains("aggregated"))
        {
            foreach (var field in new Field[] { DisaggregationFields.MaxLocalPrefillLength, DisaggregationFields.NonCachedTokens, DisaggregationFields.MaxPrefillQueueSize }.Where(_keys.IsSet))
            {
                good = false;
                context.Add(_keys.PlaceOf(field), _keys.PathOf(field), "chooses the decode replica before it is known whether an aggregated one serves the request", "leave it out, or leave out the aggregated pools");
            }
        }

        return good;

        bool Bad(string message, string fix)
        {
            context.Add(place, fleet.PathOf(FleetFields.Pools), message, fix);
            return false;
        }
    }

    // What one side wrote the other has to be able to read.
    private bool CheckEqual(PoolModel from, PoolModel to)
    {
        var place = fleet.PlaceOf(FleetFields.Pools);
        var path = fleet.PathOf(FleetFields.Pools);
        var before = context.Problems.Count;
        var (prefill, decode) = (from.Engine.Settings, to.Engine.Settings);
        if (prefill.EngineName != decode.EngineName)
        {
            context.Add(place, path, $"hands KV from {prefill.EngineName} to {decode.EngineName}", "use one engine in both pools");
        }
        else if (prefill.KvBlockTokens != decode.KvBlockTokens)
        {
            context.Add(place, path, $"has blocks of {prefill.KvBlockTokens} tokens in the prefill pool and of {decode.KvBlockTokens} in the decode pool", $"{prefill.EngineName} hands over whole blocks: give both the same size");
        }

        if (from.Target?.Shape.Name != to.Target?.Shape.Name)
        {
            context.Add(place, path, $"hands the KV of {from.Target?.Shape.Name ?? "no model"} to {to.Target?.Shape.Name ?? "no model"}", "serve one model in both pools");
        }
        else if (from.Target is { } a && to.Target is { } b && a.KvBytesPerNumber != b.KvBytesPerNumber)
        {
            context.Add(place, path, $"keeps KV in {a.KvBytesPerNumber} bytes a number in the prefill pool and in {b.KvBytesPerNumber} in the decode pool", "give both the same kv_cache_dtype");
        }

        return context.Problems.Count == before;
    }

    private LocalPrefill? Local()
    {
        var uncached = _keys.Get(DisaggregationFields.MaxLocalPrefillLength);
        if (_keys.Get(DisaggregationFields.NonCachedTokens) is { } below)
        {
            if (uncached is not null)
            {
                context.Add(_keys.PlaceOf(DisaggregationFields.NonCachedTokens), _keys.PathOf(DisaggregationFields.NonCachedTokens), "says again what max_local_prefill_length says", "keep one of the two");
            }

            uncached = below - 1;
        }

        var queue = _keys.Get(DisaggregationFields.MaxPrefillQueueSize);
        return uncached is null && queue is null ? null : new LocalPrefill { MostUncachedTokens = uncached ?? -1, PrefillQueueMost = queue };
    }

    private static PoolModel WithoutRadixCache(PoolModel pool) => pool is { Role: PoolRole.Decode, Engine.Settings: SgLangSettings { DisableRadixCache: false } settings }
        ? pool with { Engine = pool.Engine with { Settings = settings with { DisableRadixCache = true } } }
        : pool;

    // The most GPUs that the fleet can come to have.
    private static long Largest(IReadOnlyList<PoolModel> pools, ScalingModel? scaling)
    {
        long gpus = 0;
        for (var i = 0; i < pools.Count; i++)
        {
            if (pools[i].Role == PoolRole.Aggregated)
            {
                continue;
            }

            var isScaled = scaling is not null && (scaling.Scalers.Any(s => s.Pools.Contains(i)) || scaling.LookAhead.Any(l => l.Pools.Contains(i)));
            long most = Math.Max(pools[i].Replicas, scaling?.Changes.Where(c => c.Pool == i).Max(c => c.Replicas) ?? 0);
            gpus += (isScaled ? Math.Max(most, scaling!.Pools[i].Maximum) : most) * pools[i].GpusPerReplica;
        }

        return Math.Min(gpus, scaling?.GpuQuota ?? long.MaxValue);
    }

    // What carries KV in this fleet, and how wide the link of one GPU of each pool is.
    private NetworkFigures? Network(IReadOnlyList<PoolModel> pools, long gpus, bool isSglang)
    {
        // Aggregated pools hand nothing over: whatever stands for their links is not used.
        var parts = pools.Where(p => p.Role != PoolRole.Aggregated).ToList();
        if (Transport(parts, gpus) is not { } transport)
        {
            return null;
        }

        var figures = TransportFigures.Of(transport, isSglang);
        var written = _network.Get(DisaggregationFields.Bandwidth);
        List<double?> lines = [.. parts.Select(p => written ?? LineRate(transport, p.Target))];
        if (lines.Contains(null))
        {
            context.Add(_network.PlaceOf(DisaggregationFields.Bandwidth), _network.PathOf(DisaggregationFields.Bandwidth), $"is not known for {DisaggregationFields.Transport.Name} {transport.ToString().ToLowerInvariant()}", "write it, for example 50GB/s, or name a GPU whose links are known");
        }

        var isUnknown = _keys.Get(DisaggregationFields.KvBytesPerToken) is null && parts.Exists(p => p.Target is null);
        if (isUnknown)
        {
            context.Add(_keys.PlaceOf(DisaggregationFields.KvBytesPerToken), _keys.PathOf(DisaggregationFields.KvBytesPerToken), "is needed without a model", "write it, for example 160KiB, or name a model and a GPU");
        }

        if (isUnknown || lines.Contains(null))
        {
            return null;
        }

        var result = new NetworkFigures(
            [.. pools.Select(p => p.Role == PoolRole.Aggregated ? lines.Min()!.Value : lines[parts.IndexOf(p)]!.Value)],
            _network.Get(DisaggregationFields.Efficiency) ?? (written is not null && transport == Fleet.Network.Transport.Tcp ? 1 : figures.Efficiency),
            _network.Get(DisaggregationFields.Latency) ?? figures.Latency,
            _network.Get(DisaggregationFields.OperationTime) ?? figures.OperationTime);
        Say(DisaggregationFields.Transport, transport.ToString().ToLowerInvariant(), pools.Count > 2 ? "the fastest that all pools have in common" : "the fastest that both pools have in common");
        Say(DisaggregationFields.Bandwidth, UnitTable.Bandwidth.Show((decimal)result.Lines.Min()), pools.Count > 2 ? "per GPU: the slowest of the pools' links; between faster ones it is the slower of the two" : "per GPU: the slower of the two GPUs' links");
        Say(DisaggregationFields.Efficiency, result.Efficiency.ToString("R", CultureInfo.InvariantCulture), figures.Source);
        Say(DisaggregationFields.Latency, result.Latency.ToString(), figures.Source);
        Say(DisaggregationFields.OperationTime, result.OperationTime.ToString(), "an estimate");
        return result;
    }

    private KvTransfer Transfer(PoolModel from, PoolModel to, NetworkFigures network, double line) => new()
    {
        From = Layout(from, _keys.Get(DisaggregationFields.KvBytesPerToken)),
        To = Layout(to, _keys.Get(DisaggregationFields.KvBytesPerToken)),
        RankBytesPerSecond = line * network.Efficiency,
        Latency = network.Latency,
        OperationTime = network.OperationTime,
    };

    private void SayBytes(IReadOnlyList<(PoolModel To, KvTransfer Transfer)> ways)
    {
        if (_keys.Get(DisaggregationFields.KvBytesPerToken) is not null)
        {
            return;
        }

        foreach (var (to, transfer) in ways)
        {
            derived.Add(new((ways.Count > 1 ? $"pool {to.Name}: " : "") + _keys.PathOf(DisaggregationFields.KvBytesPerToken), string.Create(CultureInfo.InvariantCulture, $"{transfer.To.BytesPerTokenPerRank * transfer.To.Ranks:0}B"),
                $"bytes of a token on a decode rank x {transfer.To.Ranks} ranks, layers with a window besides"));
        }
    }

    private Fleet.Network.Transport? Transport(IReadOnlyList<PoolModel> pools, long gpus)
    {
        var domain = pools.Any(p => p.Target is null) ? (double?)null : pools.Min(p => p.Target!.Gpu.Domain?.Value ?? 1);
        switch (_network.Get(DisaggregationFields.Transport))
        {
            case "nvlink":
                if (gpus > domain)
                {
                    context.Add(_network.PlaceOf(DisaggregationFields.Transport), _network.PathOf(DisaggregationFields.Transport), $"nvlink reaches {domain:0} GPUs, and the pools {(gpus >= int.MaxValue ? "may grow without bound" : $"have {gpus}")}", "rdma");
                    return null;
                }

                return Fleet.Network.Transport.Nvlink;
            case "rdma":
                return Fleet.Network.Transport.Rdma;
            case "pcie":
                return Fleet.Network.Transport.Pcie;
            case "tcp":
                return Fleet.Network.Transport.Tcp;
            default:
                return gpus <= domain && pools.All(p => p.Target!.Gpu.Name == pools[0].Target!.Gpu.Name && p.Target.Gpu.Domain is not null)
                    ? Fleet.Network.Transport.Nvlink
                    : Fleet.Network.Transport.Rdma;
        }
    }

    private static double? LineRate(Fleet.Network.Transport transport, DeploymentTarget? target) => transport switch
    {
        Fleet.Network.Transport.Tcp => TransportFigures.TcpBytesPerSecond,
        Fleet.Network.Transport.Nvlink => target?.Gpu.ScaleUpGbs?.Value * 1e9,
        Fleet.Network.Transport.Pcie => target?.Gpu.PcieGbs?.Value * 1e9,
        _ => target?.Gpu.NicGbs?.Value * 1e9,
    };

    private static KvLayout Layout(PoolModel pool, long? perToken)
    {
        var block = pool.Engine.Settings.KvBlockTokens;
        if (perToken is { } bytes || pool.Target is null || pool.Engine.MemorySettings is null)
        {
            var layout = pool.Target?.Layout ?? new ParallelLayout();
            var ranks = layout.TensorParallel * layout.PipelineParallel;
            return new KvLayout { BytesPerTokenPerRank = (perToken ?? 1) / (double)ranks, Ranks = ranks, BlockTokens = block, PiecesPerBlock = pool.Target?.Shape.Layers.Count ?? 1 };
        }

        return DisaggregatedKv.Layout(pool.Target.Shape, pool.Engine.MemorySettings, pool.Target.Layout, block);
    }

    private string Chosen(Field<string> field, string own)
    {
        var value = _keys.Get(field)!;
        if (value != "auto")
        {
            return value;
        }

        derived.Add(new(_keys.PathOf(field), own, "the engine's own"));
        return own;
    }

    private void Say(Field field, string value, string why)
    {
        if (!_network.IsSet(field))
        {
            derived.Add(new(_network.PathOf(field), value, why));
        }
    }

    private sealed record NetworkFigures(IReadOnlyList<double> Lines, double Efficiency, SimDuration Latency, SimDuration OperationTime);
}
