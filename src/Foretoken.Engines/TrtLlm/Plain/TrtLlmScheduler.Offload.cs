using Foretoken.Engines.Tiers;
using Foretoken.Quantities;

namespace Foretoken.Engines.TrtLlm.Plain;

/// <summary>
/// KV that is kept outside the GPU through a KV cache connector: what PyExecutor and KvCacheConnectorManager do about it. Only under
/// GUARANTEED_NO_EVICT, so that nobody loses memory that is being copied.
/// </summary>
internal sealed partial class TrtLlmScheduler
{
    private readonly KvOffloader? _offloader;
    private int _loading;

    /// <summary>Where KV goes outside the GPU; null for nowhere.</summary>
    public KvOffloader? Offloader => _offloader;

    /// <summary>Whether anybody waits for KV that is being brought back.</summary>
    public bool IsLoading => _loading > 0;

    /// <summary>Whether the last plan brought KV back that took no time: who waited for it can go on.</summary>
    public bool LoadedAtOnce { get; private set; }

    /// <summary>Hears that so many blocks of a request are being brought to the GPU; null: nobody listens.</summary>
    public Action<TrtLlmRequest, int>? LoadStarted { get; set; }

    /// <summary>Hears when they were there.</summary>
    public Action<TrtLlmRequest, SimTime>? LoadEnded { get; set; }

    // Asked once, when a request has taken its memory and knows what the GPU has of its prompt (get_num_new_matched_tokens). It leaves
    // the batch until what was found is there; what is on its way for another is not waited for, but computed. The block of the last
    // token is computed in any case.
    private bool Loads(TrtLlmRequest request)
    {
        var from = request.Position / _settings.TokensPerBlock;
        request.NextStored = from;
        var hits = _offloader!.Lookup(request.Keys, from, (request.Prompt - 1) / _settings.TokensPerBlock);
        if (hits <= 0)
        {
            return false;
        }

        // A load that takes no time is over before it is told that it began.
        request.LoadsKv = true;
        request.Copies++;
        _loading++;
        var began = false;
        SimTime? atOnce = null;
        var loaded = _offloader.StartLoad(request.Keys, from, hits, at =>
        {
            Loaded(request);
            if (began)
            {
                LoadEnded?.Invoke(request, at);
            }
            else
            {
                atOnce = at;
            }
        });
        if (loaded == 0)
        {
            Loaded(request);
            return false;
        }

        request.Position = (from + loaded) * _settings.TokensPerBlock;
        request.NextStored = from + loaded;
        began = true;
        LoadStarted?.Invoke(request, loaded);
        if (atOnce is { } now)
        {
            LoadedAtOnce = true;
            LoadEnded?.Invoke(request, now);
        }

        return true;
    }

    private void Loaded(TrtLlmRequest request)
    {
        request.LoadsKv = false;
        _loading--;
        Copied(request);
    }

    // Full blocks whose content is known are copied out when the step that filled them is over (build_connector_meta). What finds no
    // room is tried again with the next step.
    private void StoreFull(TrtLlmRequest request, int tokens)
    {
        var full = tokens / _settings.TokensPerBlock;
        if (full <= request.NextStored || _offloader!.PrepareStore(request.Keys, request.NextStored, full) is not { } keys)
        {
            return;
        }

        request.NextStored = full;
        if (keys.Length > 0)
        {
            request.Copies++;
            _offloader.Store(keys, _ => Copied(request));
        }
    }

    private void Copied(TrtLlmRequest request)
    {
        if (--request.Copies == 0 && request.FreesWhenCopied)
        {
            request.FreesWhenCopied = false;
            Memory.RemoveSequence(request, TokensWithKv(request));
        }
    }

    // Blocks that are being read or written outlive their request (request_finished).
    private void GiveBack(TrtLlmRequest request)
    {
        if (request.Copies > 0)
        {
            request.FreesWhenCopied = true;
        }
        else
        {
            Memory.RemoveSequence(request, TokensWithKv(request));
        }
    }
}
