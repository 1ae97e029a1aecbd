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

    /// <summary>The hand-off; null without one, or with problems. Decode pools may come out changed.</summary>
    public DisaggregationModel? Resolve(ref IReadOnlyList<PoolModel> pools)
    {
        var prefill = pools.Where(p => p.Role == PoolRole.Prefill).ToList();
        var decode = pools.Where(p => p.Role == PoolRole.Decode).ToList();
        if (prefill.Count == 0 && decode.Count == 0)
        {
            foreach (var (section, name) in new[] { (_keys, "fleet.disaggregation"), (_network, "fleet.network") })
            {
                if (section.Fields.Any(section.IsSet))
                {
                    context.Add(section.Origin, name, "means nothing without a prefill and a decode pool", "give fleet.pools two pools with role: prefill and role: decode");
                }
            }

            return null;
        }

        if (!CheckRoles(pools, prefill.Count, decode.Count) || !CheckEqual(prefill[0], decode[0]))
        {
            return null;
        }

        var (from, to) = (prefill[0], decode[0]);
        var isSglang = from.Engine.Settings is SgLangSettings;
        if (Transfer(from, to, isSglang) is not { } transfer)
        {
            return null;
        }

        if (isSglang && to.Engine.Settings is SgLangSettings { DisableRadixCache: false } settings)
        {
            // A decode server of SGLang keeps no radix cache.
            var changed = to with { Engine = to.Engine with { Settings = settings with { DisableRadixCache = true } } };
            pools = [.. pools.Select(p => p == to ? changed : p)];
            derived.Add(new($"pool {to.Name}: disable_radix_cache", "true", "SGLang's decode servers keep none"));
        }

        return new DisaggregationModel(
            new DisaggregationPlan
            {
                Order = Chosen(DisaggregationFields.Order, isSglang ? "decode_first" : "prefill_first") == "decode_first" ? HandOffOrder.DecodeFirst : HandOffOrder.PrefillFirst,
                Overlap = Chosen(DisaggregationFields.Overlap, isSglang ? "chunks" : "none") switch { "chunks" => TransferOverlap.Chunks, "layers" => TransferOverlap.Layers, _ => TransferOverlap.None },
                DecodeRouting = RoutingPolicies.Create("round_robin")!,
                Local = Local(),
                Transfer = transfer,
                Layers = from.Target?.Shape.Layers.Count ?? 1,
                SharedBytesPerSecond = _network.Get(DisaggregationFields.SharedBandwidth),
                Message = _keys.Get(DisaggregationFields.MessageTime) ?? SimDuration.Zero,
            },
            _keys.Get(DisaggregationFields.DecodeRouting)!);
    }

    private bool CheckRoles(IReadOnlyList<PoolModel> pools, int prefills, int decodes)
    {
        var place = fleet.PlaceOf(FleetFields.Pools);
        var good = true;
        if (prefills == 0 || decodes == 0)
        {
            var (has, lacks) = prefills == 0 ? ("decode", "prefill") : ("prefill", "decode");
            good = Bad($"has {has} replicas and no {lacks} replicas: no request could ever end", $"add a pool with role: {lacks}");
        }

        if (prefills > 1 || decodes > 1)
        {
            good = Bad("has several pools of one role: transfers are simulated between one prefill and one decode pool", "make them one pool");
        }

        if (pools.Any(p => p.Role == PoolRole.Aggregated))
        {
            good = Bad("mixes whole and divided serving", "leave aggregated pools out; with fleet.disaggregation.max_local_prefill_length decode replicas serve short prompts alone");
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

    private KvTransfer? Transfer(PoolModel from, PoolModel to, bool isSglang)
    {
        if (Transport(from, to) is not { } transport)
        {
            return null;
        }

        var figures = TransportFigures.Of(transport, isSglang);
        var written = _network.Get(DisaggregationFields.Bandwidth);
        var line = written ?? LineRate(transport, from.Target, to.Target);
        var perToken = _keys.Get(DisaggregationFields.KvBytesPerToken);
        if (line is null)
        {
            context.Add(_network.PlaceOf(DisaggregationFields.Bandwidth), _network.PathOf(DisaggregationFields.Bandwidth), $"is not known for {DisaggregationFields.Transport.Name} {transport.ToString().ToLowerInvariant()}", "write it, for example 50GB/s, or name a GPU whose links are known");
        }

        if (perToken is null && (from.Target is null || to.Target is null))
        {
            context.Add(_keys.PlaceOf(DisaggregationFields.KvBytesPerToken), _keys.PathOf(DisaggregationFields.KvBytesPerToken), "is needed without a model", "write it, for example 160KiB, or name a model and a GPU");
        }

        if (line is null || (perToken is null && (from.Target is null || to.Target is null)))
        {
            return null;
        }

        var efficiency = _network.Get(DisaggregationFields.Efficiency) ?? (written is not null && transport == Fleet.Network.Transport.Tcp ? 1 : figures.Efficiency);
        var latency = _network.Get(DisaggregationFields.Latency) ?? figures.Latency;
        var operation = _network.Get(DisaggregationFields.OperationTime) ?? figures.OperationTime;
        Say(DisaggregationFields.Transport, transport.ToString().ToLowerInvariant(), "the fastest that both pools have in common");
        Say(DisaggregationFields.Bandwidth, UnitTable.Bandwidth.Show((decimal)line.Value), "per GPU: the slower of the two GPUs' links");
        Say(DisaggregationFields.Efficiency, efficiency.ToString("R", CultureInfo.InvariantCulture), figures.Source);
        Say(DisaggregationFields.Latency, latency.ToString(), figures.Source);
        Say(DisaggregationFields.OperationTime, operation.ToString(), "an estimate");
        var transfer = new KvTransfer
        {
            From = Layout(from, perToken),
            To = Layout(to, perToken),
            RankBytesPerSecond = line.Value * efficiency,
            Latency = latency,
            OperationTime = operation,
        };
        if (perToken is null)
        {
            derived.Add(new(_keys.PathOf(DisaggregationFields.KvBytesPerToken), string.Create(CultureInfo.InvariantCulture, $"{transfer.To.BytesPerTokenPerRank * transfer.To.Ranks:0}B"),
                $"bytes of a token on a decode rank x {transfer.To.Ranks} ranks, layers with a window besides"));
        }

        return transfer;
    }

    private Fleet.Network.Transport? Transport(PoolModel from, PoolModel to)
    {
        var written = _network.Get(DisaggregationFields.Transport);
        var gpus = ((long)from.Replicas * from.GpusPerReplica) + ((long)to.Replicas * to.GpusPerReplica);
        switch (written)
        {
            case "nvlink":
                if (from.Target is { } one && to.Target is { } other && Math.Min(one.Gpu.Domain?.Value ?? 1, other.Gpu.Domain?.Value ?? 1) is var size && gpus > size)
                {
                    context.Add(_network.PlaceOf(DisaggregationFields.Transport), _network.PathOf(DisaggregationFields.Transport), $"nvlink reaches {size:0} GPUs, and the pools have {gpus}", "rdma");
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
                return from.Target is { } a && to.Target is { } b && a.Gpu.Name == b.Gpu.Name && a.Gpu.Domain is { } domain && gpus <= domain.Value
                    ? Fleet.Network.Transport.Nvlink
                    : Fleet.Network.Transport.Rdma;
        }
    }

    private static double? LineRate(Fleet.Network.Transport transport, DeploymentTarget? from, DeploymentTarget? to)
    {
        if (transport == Fleet.Network.Transport.Tcp)
        {
            return TransportFigures.TcpBytesPerSecond;
        }

        double? Of(DeploymentTarget? target) => (transport switch
        {
            Fleet.Network.Transport.Nvlink => target?.Gpu.ScaleUpGbs,
            Fleet.Network.Transport.Pcie => target?.Gpu.PcieGbs,
            _ => target?.Gpu.NicGbs,
        })?.Value * 1e9;
        return Of(from) is { } a && Of(to) is { } b ? Math.Min(a, b) : null;
    }

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
}
