using System.Text.Json;
using Foretoken.Engines.Tiers;

namespace Foretoken.Reports.Json;

/// <summary>KV outside the GPU in the summary: per replica what each tier did, and series over time.</summary>
internal static class TierJson
{
    /// <summary>The name of a series.</summary>
    public static string NameOf(TierEvent kind) => kind switch
    {
        TierEvent.HitTokens => "tier_hit_tokens",
        TierEvent.StoredTokens => "tier_stored_tokens",
        TierEvent.LoadedTokens => "tier_loaded_tokens",
        TierEvent.EvictedTokens => "tier_evicted_tokens",
        TierEvent.PromotedTokens => "tier_promoted_tokens",
        _ => "tier_demoted_tokens",
    };

    /// <summary>What a series counts.</summary>
    public static string MeaningOf(TierEvent kind) => kind switch
    {
        TierEvent.HitTokens => "Tokens not computed because a tier below the GPU had them; only with such tiers.",
        TierEvent.StoredTokens => "Tokens whose KV was copied from GPU to host.",
        TierEvent.LoadedTokens => "Tokens whose KV was copied from host to GPU.",
        TierEvent.EvictedTokens => "Tokens that left the host to make room.",
        TierEvent.PromotedTokens => "Tokens copied from a tier behind the host up to it.",
        _ => "Tokens copied from the host to a tier behind it.",
    };

    /// <summary>The <c>tiers</c> of a replica.</summary>
    public static void Write(Utf8JsonWriter json, TierBook book)
    {
        json.WriteStartObject("kv_tiers");
        json.WriteNumber("loads", book.Loads);
        json.WriteNumber("load_seconds", book.LoadTime.TotalSeconds);
        json.WriteNumber("stall_seconds", book.StallTime.TotalSeconds);
        json.WriteNumber("deferred", book.Deferred);
        json.WriteNumber("refused_stores", book.RefusedStores);
        json.WriteStartArray("tiers");
        foreach (var tier in book.Tiers)
        {
            json.WriteStartObject();
            json.WriteString("name", tier.Name);
            if (tier.CapacityTokens is { } capacity)
            {
                json.WriteNumber("capacity_tokens", capacity);
            }
            else
            {
                json.WriteNull("capacity_tokens");
            }

            json.WriteNumber("peak_tokens", tier.PeakTokens);
            json.WriteNumber("hit_tokens", tier.HitTokens);
            json.WriteNumber("written_tokens", tier.WrittenTokens);
            json.WriteNumber("read_tokens", tier.ReadTokens);
            json.WriteNumber("evicted_tokens", tier.EvictedTokens);
            json.WriteNumber("written_bytes", tier.WrittenBytes);
            json.WriteNumber("read_bytes", tier.ReadBytes);
            json.WriteNumber("write_seconds", tier.WriteTime.TotalSeconds);
            json.WriteNumber("read_seconds", tier.ReadTime.TotalSeconds);
            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteEndObject();
    }
}
