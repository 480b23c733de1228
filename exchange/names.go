package exchange

// A Name is a field name that sidenote has knowledge of; 0 is none of them.
// Constants are named after the field without its hyphens, in the case that
// its specification uses.
type Name uint16

// The known names, in alphabetical order of their lower-case form.
const (
	_ Name = iota
	FieldAIM
	FieldAccept
	FieldAcceptAdditions
	FieldAcceptCH
	FieldAcceptCharset
	FieldAcceptDatetime
	FieldAcceptEncoding
	FieldAcceptFeatures
	FieldAcceptLanguage
	FieldAcceptPatch
	FieldAcceptPost
	FieldAcceptQuery
	FieldAcceptRanges
	FieldAcceptSignature
	FieldAccessControl
	FieldAccessControlAllowCredentials
	FieldAccessControlAllowHeaders
	FieldAccessControlAllowMethods
	FieldAccessControlAllowOrigin
	FieldAccessControlAllowPrivateNetwork
	FieldAccessControlExposeHeaders
	FieldAccessControlMaxAge
	FieldAccessControlRequestHeaders
	FieldAccessControlRequestMethod
	FieldAccessControlRequestPrivateNetwork
	FieldActivateStorageAccess
	FieldAge
	FieldAkamaiGRN
	FieldAllow
	FieldALPN
	FieldAltSvc
	FieldAltUsed
	FieldAlternates
	FieldAMPCacheTransform
	FieldApiKey
	FieldApplyToRedirectRef
	FieldAuthenticationControl
	FieldAuthenticationInfo
	FieldAuthorization
	FieldAvailableDictionary
	FieldAzureAsyncOperation
	FieldCExt
	FieldCMan
	FieldCOpt
	FieldCPEP
	FieldCPEPInfo
	FieldCacheControl
	FieldCacheGroupInvalidation
	FieldCacheGroups
	FieldCacheStatus
	FieldCalManagedID
	FieldCalDAVTimezones
	FieldCapsuleProtocol
	FieldCDNCacheControl
	FieldCDNLoop
	FieldCertNotAfter
	FieldCertNotBefore
	FieldCFCacheStatus
	FieldCFMitigated
	FieldCFRay
	FieldClearSiteData
	FieldClientCert
	FieldClientCertChain
	FieldClose
	FieldCMCDObject
	FieldCMCDRequest
	FieldCMCDSession
	FieldCMCDStatus
	FieldCMSDDynamic
	FieldCMSDStatic
	FieldCompliance
	FieldConcealedAuthExport
	FieldConfigurationContext
	FieldConnection
	FieldContentBase
	FieldContentDigest
	FieldContentDisposition
	FieldContentDPR
	FieldContentEncoding
	FieldContentID
	FieldContentLanguage
	FieldContentLength
	FieldContentLocation
	FieldContentMD5
	FieldContentRange
	FieldContentScriptType
	FieldContentSecurityPolicy
	FieldContentSecurityPolicyReportOnly
	FieldContentStyleType
	FieldContentTransferEncoding
	FieldContentType
	FieldContentVersion
	FieldCookie
	FieldCookie2
	FieldCost
	FieldCriticalCH
	FieldCrossOriginEmbedderPolicy
	FieldCrossOriginEmbedderPolicyReportOnly
	FieldCrossOriginOpenerPolicy
	FieldCrossOriginOpenerPolicyReportOnly
	FieldCrossOriginResourcePolicy
	FieldCTACommonAccessToken
	FieldDASL
	FieldDate
	FieldDAV
	FieldDefaultStyle
	FieldDeltaBase
	FieldDeprecation
	FieldDepth
	FieldDerivedFrom
	FieldDestination
	FieldDetachedJWS
	FieldDeviceMemory
	FieldDictionaryID
	FieldDifferentialID
	FieldDigest
	FieldDNT
	FieldDocumentIsolationPolicy
	FieldDocumentIsolationPolicyReportOnly
	FieldDownlink
	FieldDPoP
	FieldDPoPNonce
	FieldDPR
	FieldEarlyData
	FieldECT
	FieldEDIINTFeatures
	FieldETag
	FieldExpect
	FieldExpectCT
	FieldExpires
	FieldExt
	FieldFeaturePolicy
	FieldFlyRequestID
	FieldForwarded
	FieldFrom
	FieldGetProfile
	FieldGrpcEncoding
	FieldGrpcMessage
	FieldGrpcStatus
	FieldGrpcTimeout
	FieldHobareg
	FieldHost
	FieldHTTP2Settings
	FieldIdempotencyKey
	FieldIf
	FieldIfMatch
	FieldIfModifiedSince
	FieldIfNoneMatch
	FieldIfRange
	FieldIfScheduleTagMatch
	FieldIfUnmodifiedSince
	FieldIM
	FieldIncludeReferredTokenBindingID
	FieldIncremental
	FieldIntegrityPolicy
	FieldIntegrityPolicyReportOnly
	FieldIsolation
	FieldKeepAlive
	FieldLabel
	FieldLargeAllocation
	FieldLastEventID
	FieldLastModified
	FieldLink
	FieldLinkTemplate
	FieldLocation
	FieldLockToken
	FieldMan
	FieldMaxForwards
	FieldMCPMethod
	FieldMCPName
	FieldMCPProtocolVersion
	FieldMCPSessionID
	FieldMementoDatetime
	FieldMessageID
	FieldMeter
	FieldMethodCheck
	FieldMethodCheckExpires
	FieldMIMEVersion
	FieldNegotiate
	FieldNEL
	FieldNice
	FieldNoVarySearch
	FieldNonCompliance
	FieldODataEntityId
	FieldODataIsolation
	FieldODataMaxVersion
	FieldODataVersion
	FieldOperationLocation
	FieldOpt
	FieldOptional
	FieldOptionalWWWAuthenticate
	FieldOrderingType
	FieldOrigin
	FieldOriginAgentCluster
	FieldOSCORE
	FieldOSLCCoreVersion
	FieldOverwrite
	FieldP3P
	FieldPEP
	FieldPEPInfo
	FieldPermissionsPolicy
	FieldPermissionsPolicyReportOnly
	FieldPICSLabel
	FieldPingFrom
	FieldPingTo
	FieldPosition
	FieldPragma
	FieldPrefer
	FieldPreferenceApplied
	FieldPriority
	FieldProfileObject
	FieldProtocol
	FieldProtocolInfo
	FieldProtocolQuery
	FieldProtocolRequest
	FieldProxyAuthenticate
	FieldProxyAuthenticationInfo
	FieldProxyAuthorization
	FieldProxyConnection
	FieldProxyFeatures
	FieldProxyInstruction
	FieldProxyStatus
	FieldPublic
	FieldPublicKeyPins
	FieldPublicKeyPinsReportOnly
	FieldPurpose
	FieldRange
	FieldRateLimit
	FieldRateLimitLimit
	FieldRateLimitPolicy
	FieldRateLimitRemaining
	FieldRateLimitReset
	FieldRedirectRef
	FieldReferer
	FieldRefererRoot
	FieldReferrerPolicy
	FieldRefresh
	FieldRepeatabilityClientID
	FieldRepeatabilityFirstSent
	FieldRepeatabilityRequestID
	FieldRepeatabilityResult
	FieldReplayNonce
	FieldReportTo
	FieldReportingEndpoints
	FieldReprDigest
	FieldRequestId
	FieldRetryAfter
	FieldRetryAfterMs
	FieldRndrID
	FieldRTT
	FieldSafe
	FieldSaveData
	FieldScheduleReply
	FieldScheduleTag
	FieldSecCHUA
	FieldSecCHUAArch
	FieldSecCHUAMobile
	FieldSecCHUAPlatform
	FieldSecFetchDest
	FieldSecFetchMode
	FieldSecFetchSite
	FieldSecFetchStorageAccess
	FieldSecFetchUser
	FieldSecGPC
	FieldSecPurpose
	FieldSecSecureSessionID
	FieldSecTokenBinding
	FieldSecWebSocketAccept
	FieldSecWebSocketExtensions
	FieldSecWebSocketKey
	FieldSecWebSocketProtocol
	FieldSecWebSocketVersion
	FieldSecureSessionChallenge
	FieldSecureSessionRegistration
	FieldSecureSessionResponse
	FieldSecureSessionSkipped
	FieldSecurityScheme
	FieldServer
	FieldServerId
	FieldServerTiming
	FieldServiceWorker
	FieldServiceWorkerAllowed
	FieldServiceWorkerNavigationPreload
	FieldSetCookie
	FieldSetCookie2
	FieldSetLogin
	FieldSetTxn
	FieldSetProfile
	FieldSidenote
	FieldSidenoteExchange
	FieldSidenoteIgnore
	FieldSignature
	FieldSignatureAgent
	FieldSignatureInput
	FieldSLUG
	FieldSOAPAction
	FieldSourceMap
	FieldSpeculationRules
	FieldStatus
	FieldStatusURI
	FieldStrictTransportSecurity
	FieldSubOK
	FieldSubst
	FieldSunset
	FieldSupportsLoadingMode
	FieldSurrogateCapability
	FieldSurrogateControl
	FieldTCN
	FieldTE
	FieldTimeout
	FieldTimingAllowOrigin
	FieldTitle
	FieldTk
	FieldTopic
	FieldTraceparent
	FieldTracestate
	FieldTrailer
	FieldTransferEncoding
	FieldTTL
	FieldUAColor
	FieldUAMedia
	FieldUAPixels
	FieldUAResolution
	FieldUAWindowpixels
	FieldUnencodedDigest
	FieldUpgrade
	FieldUpgradeInsecureRequests
	FieldUploadComplete
	FieldUploadDraftInteropVersion
	FieldUploadLimit
	FieldUploadOffset
	FieldUrgency
	FieldURI
	FieldUseAsDictionary
	FieldUserAgent
	FieldVariantVary
	FieldVary
	FieldVersion
	FieldVia
	FieldViewportWidth
	FieldWantContentDigest
	FieldWantDigest
	FieldWantReprDigest
	FieldWantUnencodedDigest
	FieldWarning
	FieldWidth
	FieldWWWAuthenticate
	FieldXAccelBuffering
	FieldXAccelRedirect
	FieldXAmzAPIGWID
	FieldXAmzCFID
	FieldXAmzCFPop
	FieldXAmzID2
	FieldXAmzRequestID
	FieldXAmznErrorType
	FieldXAmznRequestID
	FieldXAmznTraceId
	FieldXAmznWAFAction
	FieldXAPIKey
	FieldXAspNetVersion
	FieldXAspNetMvcVersion
	FieldXAuthToken
	FieldXAzureRef
	FieldXB3TraceId
	FieldXCache
	FieldXCloudTraceContext
	FieldXContentSecurityPolicy
	FieldXContentTypeOptions
	FieldXCorrelationID
	FieldXCSRFToken
	FieldXDNSPrefetchControl
	FieldXDownloadOptions
	FieldXEnvoyDegraded
	FieldXEnvoyLocalOverloaded
	FieldXEnvoyOverloaded
	FieldXEnvoyRateLimited
	FieldXEnvoyResponseFlags
	FieldXEnvoyUpstreamServiceTime
	FieldXFastlyRequestID
	FieldXForwardedFor
	FieldXForwardedHost
	FieldXForwardedPort
	FieldXForwardedProto
	FieldXFrameOptions
	FieldXGitHubRequestID
	FieldXGoogIAPGeneratedResponse
	FieldXGUploaderUploadID
	FieldXHAProxyTerminationState
	FieldXHTTPMethod
	FieldXHTTPMethodOverride
	FieldXIinfo
	FieldXKongRequestID
	FieldXKongResponseLatency
	FieldXKongUpstreamLatency
	FieldXMethodOverride
	FieldXMSErrorCode
	FieldXMSRequestID
	FieldXNFRequestID
	FieldXOriginalURL
	FieldXPermittedCrossDomainPolicies
	FieldXPoweredBy
	FieldXRailwayRequestID
	FieldXHyphenRateLimitLimit
	FieldXHyphenRateLimitRemaining
	FieldXHyphenRateLimitReset
	FieldXRateLimitLimit
	FieldXRateLimitRemaining
	FieldXRateLimitReset
	FieldXRealIP
	FieldXRenderRouting
	FieldXRequestID
	FieldXRequestedWith
	FieldXResponseFlags
	FieldXRewriteURL
	FieldXRobotsTag
	FieldXRuntime
	FieldXServedBy
	FieldXSquidError
	FieldXUACompatible
	FieldXVarnish
	FieldXVercelCache
	FieldXVercelError
	FieldXVercelID
	FieldXVercelMitigated
	FieldXWebkitCSP
	FieldXXSRFToken
	FieldXXSSProtection

	nameCount = int(iota) // how many names there are, with the zero name
)

// spellings holds each name as its specification writes it.
//
// Source: the IANA HTTP Field Name Registry, and fields in common use beside it.
var spellings = [nameCount]string{
	FieldAIM:                                 "A-IM",
	FieldAccept:                              "Accept",
	FieldAcceptAdditions:                     "Accept-Additions",
	FieldAcceptCH:                            "Accept-CH",
	FieldAcceptCharset:                       "Accept-Charset",
	FieldAcceptDatetime:                      "Accept-Datetime",
	FieldAcceptEncoding:                      "Accept-Encoding",
	FieldAcceptFeatures:                      "Accept-Features",
	FieldAcceptLanguage:                      "Accept-Language",
	FieldAcceptPatch:                         "Accept-Patch",
	FieldAcceptPost:                          "Accept-Post",
	FieldAcceptQuery:                         "Accept-Query",
	FieldAcceptRanges:                        "Accept-Ranges",
	FieldAcceptSignature:                     "Accept-Signature",
	FieldAccessControl:                       "Access-Control",
	FieldAccessControlAllowCredentials:       "Access-Control-Allow-Credentials",
	FieldAccessControlAllowHeaders:           "Access-Control-Allow-Headers",
	FieldAccessControlAllowMethods:           "Access-Control-Allow-Methods",
	FieldAccessControlAllowOrigin:            "Access-Control-Allow-Origin",
	FieldAccessControlAllowPrivateNetwork:    "Access-Control-Allow-Private-Network",
	FieldAccessControlExposeHeaders:          "Access-Control-Expose-Headers",
	FieldAccessControlMaxAge:                 "Access-Control-Max-Age",
	FieldAccessControlRequestHeaders:         "Access-Control-Request-Headers",
	FieldAccessControlRequestMethod:          "Access-Control-Request-Method",
	FieldAccessControlRequestPrivateNetwork:  "Access-Control-Request-Private-Network",
	FieldActivateStorageAccess:               "Activate-Storage-Access",
	FieldAge:                                 "Age",
	FieldAkamaiGRN:                           "Akamai-GRN",
	FieldAllow:                               "Allow",
	FieldALPN:                                "ALPN",
	FieldAltSvc:                              "Alt-Svc",
	FieldAltUsed:                             "Alt-Used",
	FieldAlternates:                          "Alternates",
	FieldAMPCacheTransform:                   "AMP-Cache-Transform",
	FieldApiKey:                              "Api-Key",
	FieldApplyToRedirectRef:                  "Apply-To-Redirect-Ref",
	FieldAuthenticationControl:               "Authentication-Control",
	FieldAuthenticationInfo:                  "Authentication-Info",
	FieldAuthorization:                       "Authorization",
	FieldAvailableDictionary:                 "Available-Dictionary",
	FieldAzureAsyncOperation:                 "Azure-AsyncOperation",
	FieldCExt:                                "C-Ext",
	FieldCMan:                                "C-Man",
	FieldCOpt:                                "C-Opt",
	FieldCPEP:                                "C-PEP",
	FieldCPEPInfo:                            "C-PEP-Info",
	FieldCacheControl:                        "Cache-Control",
	FieldCacheGroupInvalidation:              "Cache-Group-Invalidation",
	FieldCacheGroups:                         "Cache-Groups",
	FieldCacheStatus:                         "Cache-Status",
	FieldCalManagedID:                        "Cal-Managed-ID",
	FieldCalDAVTimezones:                     "CalDAV-Timezones",
	FieldCapsuleProtocol:                     "Capsule-Protocol",
	FieldCDNCacheControl:                     "CDN-Cache-Control",
	FieldCDNLoop:                             "CDN-Loop",
	FieldCertNotAfter:                        "Cert-Not-After",
	FieldCertNotBefore:                       "Cert-Not-Before",
	FieldCFCacheStatus:                       "CF-Cache-Status",
	FieldCFMitigated:                         "CF-Mitigated",
	FieldCFRay:                               "CF-Ray",
	FieldClearSiteData:                       "Clear-Site-Data",
	FieldClientCert:                          "Client-Cert",
	FieldClientCertChain:                     "Client-Cert-Chain",
	FieldClose:                               "Close",
	FieldCMCDObject:                          "CMCD-Object",
	FieldCMCDRequest:                         "CMCD-Request",
	FieldCMCDSession:                         "CMCD-Session",
	FieldCMCDStatus:                          "CMCD-Status",
	FieldCMSDDynamic:                         "CMSD-Dynamic",
	FieldCMSDStatic:                          "CMSD-Static",
	FieldCompliance:                          "Compliance",
	FieldConcealedAuthExport:                 "Concealed-Auth-Export",
	FieldConfigurationContext:                "Configuration-Context",
	FieldConnection:                          "Connection",
	FieldContentBase:                         "Content-Base",
	FieldContentDigest:                       "Content-Digest",
	FieldContentDisposition:                  "Content-Disposition",
	FieldContentDPR:                          "Content-DPR",
	FieldContentEncoding:                     "Content-Encoding",
	FieldContentID:                           "Content-ID",
	FieldContentLanguage:                     "Content-Language",
	FieldContentLength:                       "Content-Length",
	FieldContentLocation:                     "Content-Location",
	FieldContentMD5:                          "Content-MD5",
	FieldContentRange:                        "Content-Range",
	FieldContentScriptType:                   "Content-Script-Type",
	FieldContentSecurityPolicy:               "Content-Security-Policy",
	FieldContentSecurityPolicyReportOnly:     "Content-Security-Policy-Report-Only",
	FieldContentStyleType:                    "Content-Style-Type",
	FieldContentTransferEncoding:             "Content-Transfer-Encoding",
	FieldContentType:                         "Content-Type",
	FieldContentVersion:                      "Content-Version",
	FieldCookie:                              "Cookie",
	FieldCookie2:                             "Cookie2",
	FieldCost:                                "Cost",
	FieldCriticalCH:                          "Critical-CH",
	FieldCrossOriginEmbedderPolicy:           "Cross-Origin-Embedder-Policy",
	FieldCrossOriginEmbedderPolicyReportOnly: "Cross-Origin-Embedder-Policy-Report-Only",
	FieldCrossOriginOpenerPolicy:             "Cross-Origin-Opener-Policy",
	FieldCrossOriginOpenerPolicyReportOnly:   "Cross-Origin-Opener-Policy-Report-Only",
	FieldCrossOriginResourcePolicy:           "Cross-Origin-Resource-Policy",
	FieldCTACommonAccessToken:                "CTA-Common-Access-Token",
	FieldDASL:                                "DASL",
	FieldDate:                                "Date",
	FieldDAV:                                 "DAV",
	FieldDefaultStyle:                        "Default-Style",
	FieldDeltaBase:                           "Delta-Base",
	FieldDeprecation:                         "Deprecation",
	FieldDepth:                               "Depth",
	FieldDerivedFrom:                         "Derived-From",
	FieldDestination:                         "Destination",
	FieldDetachedJWS:                         "Detached-JWS",
	FieldDeviceMemory:                        "Device-Memory",
	FieldDictionaryID:                        "Dictionary-ID",
	FieldDifferentialID:                      "Differential-ID",
	FieldDigest:                              "Digest",
	FieldDNT:                                 "DNT",
	FieldDocumentIsolationPolicy:             "Document-Isolation-Policy",
	FieldDocumentIsolationPolicyReportOnly:   "Document-Isolation-Policy-Report-Only",
	FieldDownlink:                            "Downlink",
	FieldDPoP:                                "DPoP",
	FieldDPoPNonce:                           "DPoP-Nonce",
	FieldDPR:                                 "DPR",
	FieldEarlyData:                           "Early-Data",
	FieldECT:                                 "ECT",
	FieldEDIINTFeatures:                      "EDIINT-Features",
	FieldETag:                                "ETag",
	FieldExpect:                              "Expect",
	FieldExpectCT:                            "Expect-CT",
	FieldExpires:                             "Expires",
	FieldExt:                                 "Ext",
	FieldFeaturePolicy:                       "Feature-Policy",
	FieldFlyRequestID:                        "Fly-Request-Id",
	FieldForwarded:                           "Forwarded",
	FieldFrom:                                "From",
	FieldGetProfile:                          "GetProfile",
	FieldGrpcEncoding:                        "Grpc-Encoding",
	FieldGrpcMessage:                         "Grpc-Message",
	FieldGrpcStatus:                          "Grpc-Status",
	FieldGrpcTimeout:                         "Grpc-Timeout",
	FieldHobareg:                             "Hobareg",
	FieldHost:                                "Host",
	FieldHTTP2Settings:                       "HTTP2-Settings",
	FieldIdempotencyKey:                      "Idempotency-Key",
	FieldIf:                                  "If",
	FieldIfMatch:                             "If-Match",
	FieldIfModifiedSince:                     "If-Modified-Since",
	FieldIfNoneMatch:                         "If-None-Match",
	FieldIfRange:                             "If-Range",
	FieldIfScheduleTagMatch:                  "If-Schedule-Tag-Match",
	FieldIfUnmodifiedSince:                   "If-Unmodified-Since",
	FieldIM:                                  "IM",
	FieldIncludeReferredTokenBindingID:       "Include-Referred-Token-Binding-ID",
	FieldIncremental:                         "Incremental",
	FieldIntegrityPolicy:                     "Integrity-Policy",
	FieldIntegrityPolicyReportOnly:           "Integrity-Policy-Report-Only",
	FieldIsolation:                           "Isolation",
	FieldKeepAlive:                           "Keep-Alive",
	FieldLabel:                               "Label",
	FieldLargeAllocation:                     "Large-Allocation",
	FieldLastEventID:                         "Last-Event-ID",
	FieldLastModified:                        "Last-Modified",
	FieldLink:                                "Link",
	FieldLinkTemplate:                        "Link-Template",
	FieldLocation:                            "Location",
	FieldLockToken:                           "Lock-Token",
	FieldMan:                                 "Man",
	FieldMaxForwards:                         "Max-Forwards",
	FieldMCPMethod:                           "Mcp-Method",
	FieldMCPName:                             "Mcp-Name",
	FieldMCPProtocolVersion:                  "MCP-Protocol-Version",
	FieldMCPSessionID:                        "Mcp-Session-Id",
	FieldMementoDatetime:                     "Memento-Datetime",
	FieldMessageID:                           "Message-ID",
	FieldMeter:                               "Meter",
	FieldMethodCheck:                         "Method-Check",
	FieldMethodCheckExpires:                  "Method-Check-Expires",
	FieldMIMEVersion:                         "MIME-Version",
	FieldNegotiate:                           "Negotiate",
	FieldNEL:                                 "NEL",
	FieldNice:                                "Nice",
	FieldNoVarySearch:                        "No-Vary-Search",
	FieldNonCompliance:                       "Non-Compliance",
	FieldODataEntityId:                       "OData-EntityId",
	FieldODataIsolation:                      "OData-Isolation",
	FieldODataMaxVersion:                     "OData-MaxVersion",
	FieldODataVersion:                        "OData-Version",
	FieldOperationLocation:                   "Operation-Location",
	FieldOpt:                                 "Opt",
	FieldOptional:                            "Optional",
	FieldOptionalWWWAuthenticate:             "Optional-WWW-Authenticate",
	FieldOrderingType:                        "Ordering-Type",
	FieldOrigin:                              "Origin",
	FieldOriginAgentCluster:                  "Origin-Agent-Cluster",
	FieldOSCORE:                              "OSCORE",
	FieldOSLCCoreVersion:                     "OSLC-Core-Version",
	FieldOverwrite:                           "Overwrite",
	FieldP3P:                                 "P3P",
	FieldPEP:                                 "PEP",
	FieldPEPInfo:                             "PEP-Info",
	FieldPermissionsPolicy:                   "Permissions-Policy",
	FieldPermissionsPolicyReportOnly:         "Permissions-Policy-Report-Only",
	FieldPICSLabel:                           "PICS-Label",
	FieldPingFrom:                            "Ping-From",
	FieldPingTo:                              "Ping-To",
	FieldPosition:                            "Position",
	FieldPragma:                              "Pragma",
	FieldPrefer:                              "Prefer",
	FieldPreferenceApplied:                   "Preference-Applied",
	FieldPriority:                            "Priority",
	FieldProfileObject:                       "ProfileObject",
	FieldProtocol:                            "Protocol",
	FieldProtocolInfo:                        "Protocol-Info",
	FieldProtocolQuery:                       "Protocol-Query",
	FieldProtocolRequest:                     "Protocol-Request",
	FieldProxyAuthenticate:                   "Proxy-Authenticate",
	FieldProxyAuthenticationInfo:             "Proxy-Authentication-Info",
	FieldProxyAuthorization:                  "Proxy-Authorization",
	FieldProxyConnection:                     "Proxy-Connection",
	FieldProxyFeatures:                       "Proxy-Features",
	FieldProxyInstruction:                    "Proxy-Instruction",
	FieldProxyStatus:                         "Proxy-Status",
	FieldPublic:                              "Public",
	FieldPublicKeyPins:                       "Public-Key-Pins",
	FieldPublicKeyPinsReportOnly:             "Public-Key-Pins-Report-Only",
	FieldPurpose:                             "Purpose",
	FieldRange:                               "Range",
	FieldRateLimit:                           "RateLimit",
	FieldRateLimitLimit:                      "RateLimit-Limit",
	FieldRateLimitPolicy:                     "RateLimit-Policy",
	FieldRateLimitRemaining:                  "RateLimit-Remaining",
	FieldRateLimitReset:                      "RateLimit-Reset",
	FieldRedirectRef:                         "Redirect-Ref",
	FieldReferer:                             "Referer",
	FieldRefererRoot:                         "Referer-Root",
	FieldReferrerPolicy:                      "Referrer-Policy",
	FieldRefresh:                             "Refresh",
	FieldRepeatabilityClientID:               "Repeatability-Client-ID",
	FieldRepeatabilityFirstSent:              "Repeatability-First-Sent",
	FieldRepeatabilityRequestID:              "Repeatability-Request-ID",
	FieldRepeatabilityResult:                 "Repeatability-Result",
	FieldReplayNonce:                         "Replay-Nonce",
	FieldReportTo:                            "Report-To",
	FieldReportingEndpoints:                  "Reporting-Endpoints",
	FieldReprDigest:                          "Repr-Digest",
	FieldRequestId:                           "Request-Id",
	FieldRetryAfter:                          "Retry-After",
	FieldRetryAfterMs:                        "Retry-After-Ms",
	FieldRndrID:                              "Rndr-Id",
	FieldRTT:                                 "RTT",
	FieldSafe:                                "Safe",
	FieldSaveData:                            "Save-Data",
	FieldScheduleReply:                       "Schedule-Reply",
	FieldScheduleTag:                         "Schedule-Tag",
	FieldSecCHUA:                             "Sec-CH-UA",
	FieldSecCHUAArch:                         "Sec-CH-UA-Arch",
	FieldSecCHUAMobile:                       "Sec-CH-UA-Mobile",
	FieldSecCHUAPlatform:                     "Sec-CH-UA-Platform",
	FieldSecFetchDest:                        "Sec-Fetch-Dest",
	FieldSecFetchMode:                        "Sec-Fetch-Mode",
	FieldSecFetchSite:                        "Sec-Fetch-Site",
	FieldSecFetchStorageAccess:               "Sec-Fetch-Storage-Access",
	FieldSecFetchUser:                        "Sec-Fetch-User",
	FieldSecGPC:                              "Sec-GPC",
	FieldSecPurpose:                          "Sec-Purpose",
	FieldSecSecureSessionID:                  "Sec-Secure-Session-Id",
	FieldSecTokenBinding:                     "Sec-Token-Binding",
	FieldSecWebSocketAccept:                  "Sec-WebSocket-Accept",
	FieldSecWebSocketExtensions:              "Sec-WebSocket-Extensions",
	FieldSecWebSocketKey:                     "Sec-WebSocket-Key",
	FieldSecWebSocketProtocol:                "Sec-WebSocket-Protocol",
	FieldSecWebSocketVersion:                 "Sec-WebSocket-Version",
	FieldSecureSessionChallenge:              "Secure-Session-Challenge",
	FieldSecureSessionRegistration:           "Secure-Session-Registration",
	FieldSecureSessionResponse:               "Secure-Session-Response",
	FieldSecureSessionSkipped:                "Secure-Session-Skipped",
	FieldSecurityScheme:                      "Security-Scheme",
	FieldServer:                              "Server",
	FieldServerId:                            "Server-Id",
	FieldServerTiming:                        "Server-Timing",
	FieldServiceWorker:                       "Service-Worker",
	FieldServiceWorkerAllowed:                "Service-Worker-Allowed",
	FieldServiceWorkerNavigationPreload:      "Service-Worker-Navigation-Preload",
	FieldSetCookie:                           "Set-Cookie",
	FieldSetCookie2:                          "Set-Cookie2",
	FieldSetLogin:                            "Set-Login",
	FieldSetTxn:                              "Set-Txn",
	FieldSetProfile:                          "SetProfile",
	FieldSidenote:                            "Sidenote",
	FieldSidenoteExchange:                    "Sidenote-Exchange",
	FieldSidenoteIgnore:                      "Sidenote-Ignore",
	FieldSignature:                           "Signature",
	FieldSignatureAgent:                      "Signature-Agent",
	FieldSignatureInput:                      "Signature-Input",
	FieldSLUG:                                "SLUG",
	FieldSOAPAction:                          "SOAPAction",
	FieldSourceMap:                           "SourceMap",
	FieldSpeculationRules:                    "Speculation-Rules",
	FieldStatus:                              "Status",
	FieldStatusURI:                           "Status-URI",
	FieldStrictTransportSecurity:             "Strict-Transport-Security",
	FieldSubOK:                               "SubOK",
	FieldSubst:                               "Subst",
	FieldSunset:                              "Sunset",
	FieldSupportsLoadingMode:                 "Supports-Loading-Mode",
	FieldSurrogateCapability:                 "Surrogate-Capability",
	FieldSurrogateControl:                    "Surrogate-Control",
	FieldTCN:                                 "TCN",
	FieldTE:                                  "TE",
	FieldTimeout:                             "Timeout",
	FieldTimingAllowOrigin:                   "Timing-Allow-Origin",
	FieldTitle:                               "Title",
	FieldTk:                                  "Tk",
	FieldTopic:                               "Topic",
	FieldTraceparent:                         "Traceparent",
	FieldTracestate:                          "Tracestate",
	FieldTrailer:                             "Trailer",
	FieldTransferEncoding:                    "Transfer-Encoding",
	FieldTTL:                                 "TTL",
	FieldUAColor:                             "UA-Color",
	FieldUAMedia:                             "UA-Media",
	FieldUAPixels:                            "UA-Pixels",
	FieldUAResolution:                        "UA-Resolution",
	FieldUAWindowpixels:                      "UA-Windowpixels",
	FieldUnencodedDigest:                     "Unencoded-Digest",
	FieldUpgrade:                             "Upgrade",
	FieldUpgradeInsecureRequests:             "Upgrade-Insecure-Requests",
	FieldUploadComplete:                      "Upload-Complete",
	FieldUploadDraftInteropVersion:           "Upload-Draft-Interop-Version",
	FieldUploadLimit:                         "Upload-Limit",
	FieldUploadOffset:                        "Upload-Offset",
	FieldUrgency:                             "Urgency",
	FieldURI:                                 "URI",
	FieldUseAsDictionary:                     "Use-As-Dictionary",
	FieldUserAgent:                           "User-Agent",
	FieldVariantVary:                         "Variant-Vary",
	FieldVary:                                "Vary",
	FieldVersion:                             "Version",
	FieldVia:                                 "Via",
	FieldViewportWidth:                       "Viewport-Width",
	FieldWantContentDigest:                   "Want-Content-Digest",
	FieldWantDigest:                          "Want-Digest",
	FieldWantReprDigest:                      "Want-Repr-Digest",
	FieldWantUnencodedDigest:                 "Want-Unencoded-Digest",
	FieldWarning:                             "Warning",
	FieldWidth:                               "Width",
	FieldWWWAuthenticate:                     "WWW-Authenticate",
	FieldXAccelBuffering:                     "X-Accel-Buffering",
	FieldXAccelRedirect:                      "X-Accel-Redirect",
	FieldXAmzAPIGWID:                         "X-Amz-Apigw-Id",
	FieldXAmzCFID:                            "X-Amz-Cf-Id",
	FieldXAmzCFPop:                           "X-Amz-Cf-Pop",
	FieldXAmzID2:                             "X-Amz-Id-2",
	FieldXAmzRequestID:                       "X-Amz-Request-Id",
	FieldXAmznErrorType:                      "X-Amzn-ErrorType",
	FieldXAmznRequestID:                      "X-Amzn-RequestId",
	FieldXAmznTraceId:                        "X-Amzn-Trace-Id",
	FieldXAmznWAFAction:                      "X-Amzn-Waf-Action",
	FieldXAPIKey:                             "X-API-Key",
	FieldXAspNetVersion:                      "X-AspNet-Version",
	FieldXAspNetMvcVersion:                   "X-AspNetMvc-Version",
	FieldXAuthToken:                          "X-Auth-Token",
	FieldXAzureRef:                           "X-Azure-Ref",
	FieldXB3TraceId:                          "X-B3-TraceId",
	FieldXCache:                              "X-Cache",
	FieldXCloudTraceContext:                  "X-Cloud-Trace-Context",
	FieldXContentSecurityPolicy:              "X-Content-Security-Policy",
	FieldXContentTypeOptions:                 "X-Content-Type-Options",
	FieldXCorrelationID:                      "X-Correlation-ID",
	FieldXCSRFToken:                          "X-CSRF-Token",
	FieldXDNSPrefetchControl:                 "X-DNS-Prefetch-Control",
	FieldXDownloadOptions:                    "X-Download-Options",
	FieldXEnvoyDegraded:                      "X-Envoy-Degraded",
	FieldXEnvoyLocalOverloaded:               "X-Envoy-Local-Overloaded",
	FieldXEnvoyOverloaded:                    "X-Envoy-Overloaded",
	FieldXEnvoyRateLimited:                   "X-Envoy-RateLimited",
	FieldXEnvoyResponseFlags:                 "X-Envoy-Response-Flags",
	FieldXEnvoyUpstreamServiceTime:           "X-Envoy-Upstream-Service-Time",
	FieldXFastlyRequestID:                    "X-Fastly-Request-ID",
	FieldXForwardedFor:                       "X-Forwarded-For",
	FieldXForwardedHost:                      "X-Forwarded-Host",
	FieldXForwardedPort:                      "X-Forwarded-Port",
	FieldXForwardedProto:                     "X-Forwarded-Proto",
	FieldXFrameOptions:                       "X-Frame-Options",
	FieldXGitHubRequestID:                    "X-GitHub-Request-Id",
	FieldXGoogIAPGeneratedResponse:           "X-Goog-IAP-Generated-Response",
	FieldXGUploaderUploadID:                  "X-GUploader-UploadID",
	FieldXHAProxyTerminationState:            "X-HAProxy-Termination-State",
	FieldXHTTPMethod:                         "X-HTTP-Method",
	FieldXHTTPMethodOverride:                 "X-HTTP-Method-Override",
	FieldXIinfo:                              "X-Iinfo",
	FieldXKongRequestID:                      "X-Kong-Request-Id",
	FieldXKongResponseLatency:                "X-Kong-Response-Latency",
	FieldXKongUpstreamLatency:                "X-Kong-Upstream-Latency",
	FieldXMethodOverride:                     "X-Method-Override",
	FieldXMSErrorCode:                        "X-MS-Error-Code",
	FieldXMSRequestID:                        "X-MS-Request-Id",
	FieldXNFRequestID:                        "X-NF-Request-ID",
	FieldXOriginalURL:                        "X-Original-URL",
	FieldXPermittedCrossDomainPolicies:       "X-Permitted-Cross-Domain-Policies",
	FieldXPoweredBy:                          "X-Powered-By",
	FieldXRailwayRequestID:                   "X-Railway-Request-Id",
	FieldXHyphenRateLimitLimit:               "X-Rate-Limit-Limit",
	FieldXHyphenRateLimitRemaining:           "X-Rate-Limit-Remaining",
	FieldXHyphenRateLimitReset:               "X-Rate-Limit-Reset",
	FieldXRateLimitLimit:                     "X-RateLimit-Limit",
	FieldXRateLimitRemaining:                 "X-RateLimit-Remaining",
	FieldXRateLimitReset:                     "X-RateLimit-Reset",
	FieldXRealIP:                             "X-Real-IP",
	FieldXRenderRouting:                      "X-Render-Routing",
	FieldXRequestID:                          "X-Request-ID",
	FieldXRequestedWith:                      "X-Requested-With",
	FieldXResponseFlags:                      "X-Response-Flags",
	FieldXRewriteURL:                         "X-Rewrite-URL",
	FieldXRobotsTag:                          "X-Robots-Tag",
	FieldXRuntime:                            "X-Runtime",
	FieldXServedBy:                           "X-Served-By",
	FieldXSquidError:                         "X-Squid-Error",
	FieldXUACompatible:                       "X-UA-Compatible",
	FieldXVarnish:                            "X-Varnish",
	FieldXVercelCache:                        "X-Vercel-Cache",
	FieldXVercelError:                        "X-Vercel-Error",
	FieldXVercelID:                           "X-Vercel-Id",
	FieldXVercelMitigated:                    "X-Vercel-Mitigated",
	FieldXWebkitCSP:                          "X-Webkit-CSP",
	FieldXXSRFToken:                          "X-XSRF-Token",
	FieldXXSSProtection:                      "X-XSS-Protection",
}
