using Foretoken.Engines.Vllm;
using Foretoken.Engines.Vllm.Schedules;
using Foretoken.Quantities;

namespace Foretoken.Cli.Schedules;

/// <summary>Reads a recorded vLLM scenario from JSON (the form is described in docs/engines-vllm.md).</summary>
internal static class VllmScheduleJson
{
    private static readonly string[] KnownSettings =
    [
        "max_num_seqs", "max_num_batched_tokens", "block_size", "num_blocks", "max_model_len", "policy", "prefix_caching", "watermark",
        "reserve_full_isl", "long_prefill_token_threshold", "chunked", "async", "spec_k", "spec_method", "groups", "retention",
    ];

    /// <summary>Reads scenario and trace.</summary>
    public static TracedScenario Read(JsonCursor root)
    {
        var scenario = root["scenario"];
        var settings = ReadSettings(scenario["config"]);
        var requests = scenario["requests"].Items(request => ReadRequest(request, settings));
        var accept = scenario.Find("accept")?.Items(value => value.Int(min: 0)) ?? [];
        if (settings.Speculation is not null && accept.Length == 0)
        {
            throw new InputException($"{scenario.Place}.accept", "is empty, but a scenario with speculation needs accepted counts");
        }

        var ids = new HashSet<string>(StringComparer.Ordinal);
        foreach (var request in requests)
        {
            if (!ids.Add(request.Id))
            {
                throw new InputException(scenario["requests"].Place, $"two requests have the id '{request.Id}'");
            }
        }

        return new TracedScenario
        {
            Settings = settings,
            Requests = requests,
            Aborts = scenario.Find("aborts")?.Items(abort => new TracedAbort(abort["id"].String(), abort["step"].Int(min: 0))) ?? [],
            Accept = accept,
            MaxSteps = scenario.Find("max_steps")?.Int(min: 0) ?? int.MaxValue,
            Steps = root["trace"].Items(ReadStep),
        };
    }

    private static VllmSettings ReadSettings(JsonCursor config)
    {
        foreach (var (name, value) in config.Members())
        {
            if (!KnownSettings.Contains(name))
            {
                throw new InputException(value.Place, "is a setting that the replay does not know, so it cannot be exact");
            }
        }

        var maxModelLen = config["max_model_len"].Int(min: 1, max: 1 << 28);
        var groups = config.Find("groups") is { IsNull: false } list ? list.Items(ReadGroup) : [KvCacheGroup.Full];
        if (groups.Length == 0)
        {
            throw config["groups"].Wrong("at least one group");
        }

        return new VllmSettings
        {
            MaxNumSeqs = config["max_num_seqs"].Int(min: 1),
            MaxNumBatchedTokens = config["max_num_batched_tokens"].Int(min: 1, max: 1 << 28),
            BlockSize = config["block_size"].Int(min: 1, max: 1 << 20),
            NumGpuBlocks = config["num_blocks"].Int(min: 2, max: 1 << 20),
            MaxModelLen = maxModelLen,
            SchedulingPolicy = ReadPolicy(config),
            EnablePrefixCaching = config.Find("prefix_caching")?.Bool() ?? true,
            Watermark = config.Find("watermark")?.Double(min: 0) ?? 0,
            SchedulerReserveFullIsl = config.Find("reserve_full_isl")?.Bool() ?? true,
            LongPrefillTokenThreshold = config.Find("long_prefill_token_threshold")?.Int(min: 0) ?? 0,
            EnableChunkedPrefill = config.Find("chunked")?.Bool() ?? true,
            AsyncScheduling = config.Find("async")?.Bool() ?? false,
            Speculation = ReadSpeculation(config),
            KvCacheGroups = groups,
            PrefixCacheRetentionInterval = config.Find("retention") is { } retention ? (retention.IsNull ? null : retention.Int(min: 0)) : 0,
        };
    }

    private static VllmSchedulingPolicy ReadPolicy(JsonCursor config)
    {
        if (config.Find("policy") is not { } policy)
        {
            return VllmSchedulingPolicy.Fcfs;
        }

        return policy.String() switch
        {
            "fcfs" => VllmSchedulingPolicy.Fcfs,
            "priority" => VllmSchedulingPolicy.Priority,
            _ => throw policy.Wrong("\"fcfs\" or \"priority\""),
        };
    }

    private static VllmSpeculation? ReadSpeculation(JsonCursor config)
    {
        if (config.Find("spec_k")?.Int(min: 0, max: 1 << 16) is not (> 0 and var tokens))
        {
            return null;
        }

        var method = config["spec_method"];
        return new VllmSpeculation
        {
            NumSpeculativeTokens = tokens,
            Method = method.String() switch
            {
                "eagle" => VllmSpeculationMethod.Eagle,
                "ngram" => VllmSpeculationMethod.Ngram,
                _ => throw method.Wrong("\"eagle\" or \"ngram\""),
            },
        };
    }

    private static KvCacheGroup ReadGroup(JsonCursor group)
    {
        var type = group["type"];
        return type.String() switch
        {
            "full" => KvCacheGroup.Full,
            "swa" => new KvCacheGroup(group["window"].Int(min: 1, max: 1 << 28)),
            _ => throw type.Wrong("\"full\" or \"swa\""),
        };
    }

    private static TracedRequest ReadRequest(JsonCursor request, VllmSettings settings)
    {
        var prompt = request["prompt"].Items(token => token.Int());
        if (prompt.Length == 0 || prompt.Length >= settings.MaxModelLen)
        {
            throw new InputException(request["prompt"].Place, $"has {prompt.Length} tokens, must have from 1 to max_model_len - 1 = {settings.MaxModelLen - 1}");
        }

        return new TracedRequest
        {
            Id = request["id"].String(),
            Prompt = prompt,
            MaxTokens = request["max_tokens"].Int(min: 1, max: 1 << 28),
            Step = request["step"].Int(min: 0),
            Arrival = request.Find("arrival")?.Double() ?? 0,
            Priority = request.Find("priority")?.Int() ?? 0,
        };
    }

    private static TracedStep ReadStep(JsonCursor step) => new()
    {
        Step = step["step"].Int(),
        Scheduled = step["scheduled"].Items(ReadCount),
        ComputedBefore = step["computed_before"].Items(ReadCount),
        Drafts = step["spec"].Members().Select(member => new TracedCount(member.Name, member.Value.Int())).ToArray(),
        Preempted = step["preempted"].Items(name => name.String()),
        Running = step["running"].Items(name => name.String()),
        Waiting = step["waiting"].Items(name => name.String()),
        FreeBlocks = step["free_blocks"].Int(),
        Blocks = step["blocks"].Members().Select(ReadBlocks).ToArray(),
        FinishedDelivered = step["finished_delivered"].Items(name => name.String()),
        Output = step["output"] is { IsNull: false } output ? output.Items(ReadCount) : null,
        FinishedNow = step["finished_now"].Items(name => name.String()),
        FreeAfter = step["free_after"].Int(),
    };

    private static TracedCount ReadCount(JsonCursor pair)
    {
        var (id, tokens) = pair.Pair();
        return new TracedCount(id.String(), tokens.Int());
    }

    private static TracedBlocks ReadBlocks((string Name, JsonCursor Value) member) =>
        new(member.Name, member.Value.Items(group => (IReadOnlyList<int>)group.Items(block => block.Int())));
}
